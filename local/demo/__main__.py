"""`make demo`: starts the local AWS, deploys Greenlight into it, and tells the story."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from local.aws import LocalAws
from local.demo.narrator import Narrator
from local.demo.story import GROUP, Stage, stage, tell
from local.deploy import deploy_app, prepare
from local.models import VERSIONS, build

_TIME_SCALE = 60.0  # one AWS minute a second


def main() -> int:
    """Run the demo; 0 if every fact held."""
    arguments = argparse.ArgumentParser(prog="make demo", description=__doc__)
    arguments.add_argument("--keep", action="store_true", help="leave the local AWS running at the end")
    arguments.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="take pictures of the page meanwhile"
    )
    chosen = arguments.parse_args()
    narrator = Narrator()

    def story() -> None:
        narrator.tell("Starting a local AWS on this machine …")
        with LocalAws(time_scale=_TIME_SCALE) as aws:
            _run(aws, narrator, chosen.pictures)
            if chosen.keep:
                _wait(aws, narrator)
            else:
                narrator.tell("To look at the page in a browser: make demo ARGS=--keep, or make local.")

    return narrator.tell_to_the_end(story)


def _run(aws: LocalAws, narrator: Narrator, pictures: Path | None) -> None:
    narrator.chapter("A platform team deploys: cdk bootstrap, cdk deploy")
    with ThreadPoolExecutor(1) as training:
        trained = training.submit(lambda: {name: build(name) for name in VERSIONS})
        prepare(aws)
        narrator.tell("bootstrapped")
        deploy_app(aws)
        models = trained.result()
    stacks = aws.client("cloudformation").describe_stacks()["Stacks"]
    complete = [s["StackName"] for s in stacks if s["StackStatus"] == "CREATE_COMPLETE"]
    narrator.fact(len(complete) == len(stacks), f"deployed by the CDK: {', '.join(sorted(complete))}")
    narrator.tell(f"trained {len(models)} real classifiers meanwhile: {', '.join(models)}")
    set_up = stage(aws, narrator, models)
    if pictures is None:
        tell(set_up)
    else:
        _tell_with_pictures(set_up, pictures)
    narrator.holds("The story holds")


def _tell_with_pictures(s: Stage, folder: Path) -> None:
    from local.demo.camera import camera  # noqa: PLC0415 - the story itself needs no browser

    with camera(s.aws.page, folder) as taking:
        tell(replace(s, picture=taking))


def _wait(aws: LocalAws, narrator: Narrator) -> None:
    narrator.tell(f"The page, in a browser: {aws.page}")
    narrator.tell(f"The local AWS stays up with {GROUP} on it; Ctrl-C ends it. For any AWS client:")
    for name, value in sorted(aws.environment().items()):
        if name.startswith("AWS_"):
            narrator.tell(f"export {name}={value}")
    try:
        input()
    except (EOFError, KeyboardInterrupt):
        narrator.tell("stopped")


if __name__ == "__main__":
    sys.exit(main())
