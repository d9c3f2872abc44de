"""No skew: what a server computes of a request is what Transform computed of the same row."""

import itertools

from pipelines.sms import data as sms
from pipelines.sms import features as sms_features
from pipelines.sms.pipeline import HERE as SMS
from pipelines.sms.preprocessing import preprocessing_fn as of_sms


def test_a_message_is_served_as_it_was_learned(preprocess) -> None:
    rows = [
        {sms_features.LABEL: label, sms_features.TEXT: text}
        for label, text in itertools.islice(sms.messages(sms.source_file()), 30)
    ]
    schema = SMS / "schema" / "schema.pbtxt"
    made = preprocess(of_sms, rows, schema, not_served=[sms_features.LABEL])
    assert set(made.serving) == {sms_features.WORDS, sms_features.LENGTH}
    assert not made.skew()


def test_a_flight_is_served_as_it_was_learned(preprocessed, flights) -> None:
    assert len(preprocessed.serving) == len(flights)
    assert len(preprocessed.serving.columns) > 10
    assert not preprocessed.skew()
