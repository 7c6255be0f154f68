"""Acts: what people ask for is written, and read as it was written."""

import boto3

from lambdas.adapters.acts import Acts
from lambdas.adapters.specs import Specs


def test_an_act_is_written_instead_of_the_one_before(moto: None) -> None:
    ssm = boto3.client("ssm")
    for text in ('{"reason": "one"}', '{"reason": "two"}'):
        Acts(ssm).ask("fraud", "pause", text)
    (act,) = Specs(ssm).read("fraud").acts
    assert (act.kind, act.text) == ("pause", '{"reason": "two"}')
