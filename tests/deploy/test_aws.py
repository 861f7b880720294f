"""What can be told of deploy/aws/stack.yaml without AWS; cfn-lint tells the rest."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.database import ROOT
from tests.deploy.test_production import run_python


class Template(yaml.SafeLoader):
    """Reads a function of CloudFormation as what it is given, with x for what it names."""


def argument(loader: Template, _name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return re.sub(r"\$\{[^}]+\}", "x", str(loader.construct_scalar(node)))
    assert isinstance(node, yaml.SequenceNode)
    return loader.construct_sequence(node, deep=True)


Template.add_multi_constructor("!", argument)
RESOURCES = yaml.load((ROOT / "deploy/aws/stack.yaml").read_text(), Template)["Resources"]
CONTAINERS = {
    container["Name"]: container
    for resource in RESOURCES.values()
    if resource["Type"] == "AWS::ECS::TaskDefinition"
    for container in resource["Properties"]["ContainerDefinitions"]
}


def variables(container: dict[str, Any]) -> dict[str, str]:
    # A condition has what it yields in the middle.
    listed = [each[1] if isinstance(each, list) else each for each in container["Environment"]]
    secrets = {each["Name"]: "x" * 64 for each in container.get("Secrets", [])}
    return secrets | {each["Name"]: each["Value"] for each in listed}


@pytest.mark.parametrize("name", ["api", "mail", "migration", "userlist"])
def test_the_api_starts_with_the_variables_it_is_given(name: str, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    env = variables(CONTAINERS[name]) | {"DATABASE_CA_BUNDLE": str(bundle)}

    done = run_python("-c", "import django; django.setup()", env=env)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_is_given_what_is_documented_and_can_write_to_its_volumes_alone(
    name: str,
) -> None:
    container = CONTAINERS[name]
    documented = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs/deployment.md").read_text()))

    assert set(variables(container)) <= documented
    assert container["ReadonlyRootFilesystem"]
    # What has begun may take half a minute.
    assert container["StopTimeout"] > 30


def test_pgbouncer_reads_the_userlist_where_it_is_written() -> None:
    written_to = CONTAINERS["userlist"]["Command"][-1]
    folder = {"SourceVolume": "userlist", "ContainerPath": str(Path(written_to).parent)}

    assert variables(CONTAINERS["pgbouncer"])["DATABASE_USERLIST_FILE"] == written_to
    assert folder in CONTAINERS["userlist"]["MountPoints"]
    assert folder | {"ReadOnly": True} in CONTAINERS["pgbouncer"]["MountPoints"]


def test_the_health_check_is_that_of_the_image() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    (program,) = re.findall(r'^    CMD \["python", "-c", "(.*)"\]$', dockerfile, re.MULTILINE)

    assert CONTAINERS["api"]["HealthCheck"]["Command"] == ["CMD", "python", "-c", program]
