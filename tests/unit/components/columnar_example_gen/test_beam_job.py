from headrace.components.columnar_example_gen.beam_job import FileJob, grouped
from headrace.components.columnar_example_gen.files import InputFile
from headrace.components.columnar_example_gen.ranges import Range

MB = 1 << 20


def jobs(*sizes, split=0, ranges=1):
    files = [
        InputFile(f"{split}-{place}", size, "uncompressed") for place, size in enumerate(sizes)
    ]
    return [
        FileJob(split, place, file, [Range(file, start, None) for start in range(ranges)], False)
        for place, file in enumerate(files)
    ]


def names(units):
    return [[piece.file.path for piece in unit.pieces] for unit in units]


def test_small_files_are_one_unit_and_splits_are_kept_apart():
    units = list(grouped([*jobs(1, 2, 0), *jobs(3, 4, split=1)]))
    assert names(units) == [["0-0", "0-1", "0-2"], ["1-0", "1-1"]]
    assert [(unit.split, unit.order) for unit in units] == [(0, (0, 0)), (1, (0, 0))]


def test_larger_files_are_units_of_their_own():
    units = list(grouped(jobs(5 * MB, 17 * MB, 1, 1, 20 * MB)))
    assert names(units) == [["0-0"], ["0-1"], ["0-2", "0-3"], ["0-4"]]


def test_a_file_in_ranges_is_a_unit_for_each_in_the_order_of_the_files():
    first, second, third = jobs(1, 1, 1)
    second = FileJob(0, 1, second.file, jobs(1, ranges=2)[0].ranges, False)
    units = list(grouped([first, second, third]))
    assert [unit.order for unit in units] == [(0, 0), (1, 0), (1, 1), (2, 0)]


def test_very_many_files_are_several_units():
    units = list(grouped(jobs(*[1] * 1000)))
    assert sum(len(unit.pieces) for unit in units) == 1000
    assert len(units) == 16
