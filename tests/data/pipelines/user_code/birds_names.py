"""A module beside the module_file: TFX packages both."""


def transformed(name):
    return f"{name}_xf"
