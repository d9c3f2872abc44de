import pytest

from tests.mlmd_in_memory import Store


@pytest.fixture
def mlmd_store() -> Store:
    return Store()
