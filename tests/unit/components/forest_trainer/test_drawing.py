"""The first tree as a picture, of a real forest."""

from xml.etree import ElementTree

import pandas as pd
import ydf

from headrace.components.forest_trainer.drawing import draw_tree

SVG = "{http://www.w3.org/2000/svg}"
NAME = "a_feature_with_a_long_name"


def test_what_is_too_long_for_its_box_is_drawn_narrower() -> None:
    rows = pd.DataFrame(
        {NAME: [i / 7 for i in range(200)], "y": [i % 200 // 100 for i in range(200)]}
    )
    model = ydf.GradientBoostedTreesLearner(label="y", num_trees=1, max_depth=2).train(rows)
    picture = ElementTree.fromstring(draw_tree(model, "the first"))
    width = float(picture.find(f"{SVG}g/{SVG}rect").get("width"))
    texts = {text.text: text for text in picture.iterfind(f"{SVG}g/{SVG}text")}
    [condition] = [text for text in texts if text.startswith(f"{NAME} >= ")]
    assert float(texts.pop(condition).get("textLength")) < width
    assert [text.get("textLength") for text in texts.values()] == [None, None]
