"""GDAL, which QGIS and geopandas read with, opens the stakeholders by their URL."""

import json
import subprocess
import sys
from typing import Any
from urllib.request import urlopen

import pytest
from django.core.management import call_command

from backend.public import PublicStakeholder
from tests.factories import make_stakeholder

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("coalition")]

PATH = "/api/v1/stakeholders.geojson"


@pytest.fixture
def coalition() -> None:
    call_command("load_demo", verbosity=0)
    make_stakeholder(name="Nowhere yet", location=None)


# In a process of its own: pyogrio takes over the error handling of the GDAL that Django uses.
READ = """
import json, sys
from pyogrio.raw import read
source = sys.argv[1] if len(sys.argv) > 1 else sys.stdin.buffer.read()
layer, _, geometries, fields = read(source)
columns = {name: list(map(str, values)) for name, values in zip(layer["fields"], fields)}
columns["wkb"] = [wkb and wkb.hex() for wkb in geometries]
print(json.dumps([columns, layer["crs"], layer["geometry_type"]]))
"""

LIST_LAYERS = """
import json, sys
from pyogrio import list_layers
print(json.dumps(list_layers(sys.argv[1]).tolist()))
"""


def read_all(source: str | bytes) -> tuple[dict[str, list[Any]], tuple[str, str]]:
    """The columns by name, the geometries as WKB among them; the CRS and kind of geometry."""
    command, body = [sys.executable, "-c", READ], b""
    if isinstance(source, str):
        command.append(source)
    else:
        body = source
    done = subprocess.run(command, input=body, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    columns, crs, geometry_type = json.loads(done.stdout)
    return columns, (crs, geometry_type)


def public_names() -> list[str]:
    return sorted(PublicStakeholder.objects.values_list("name", flat=True))


def layer_name(source: str) -> str:
    command = [sys.executable, "-c", LIST_LAYERS, source]
    done = subprocess.run(command, capture_output=True, check=True)
    [(name, _geometry_type)] = json.loads(done.stdout)
    return str(name)


class TestGDAL:
    def test_opens_all_public_stakeholders_as_points(self, server: str) -> None:
        # As ogrinfo and QGIS's type GeoJSON do; a bare URL means /vsicurl/ to pyogrio.
        columns, layer = read_all(f"GeoJSON:{server}{PATH}")

        assert sorted(columns["name"]) == public_names()
        assert layer == ("EPSG:4326", "Point")

    def test_reads_null_geometries_where_there_is_no_place(self, server: str) -> None:
        columns, _ = read_all(f"GeoJSON:{server}{PATH}")

        wkb_of = dict(zip(columns["name"], columns["wkb"], strict=True))
        nowhere = PublicStakeholder.objects.filter(location=None)
        assert {name for name, wkb in wkb_of.items() if wkb is None} == {
            stakeholder.name for stakeholder in nowhere
        }
        assert len(nowhere) > 1

    def test_is_filtered_by_the_query(self, server: str) -> None:
        columns, _ = read_all(f"GeoJSON:{server}{PATH}?type=waterman,farmer&fields=name,type")

        assert set(columns) == {"name", "type", "wkb"}
        assert set(columns["type"]) == {"waterman", "farmer"}

    @pytest.mark.parametrize("query", ["", "?type=farmer&state=MD", "?search=nobody"])
    def test_calls_the_layer_the_same_whatever_the_filter(self, server: str, query: str) -> None:
        assert layer_name(f"GeoJSON:{server}{PATH}{query}") == "stakeholders"

    def test_streams(self, server: str) -> None:
        columns, _ = read_all(f"/vsicurl_streaming/{server}{PATH}")

        assert sorted(columns["name"]) == public_names()


class TestGeopandas:
    def test_downloads_and_reads_all(self, server: str) -> None:
        # What geopandas.read_file does with a URL that has no byte ranges.
        with urlopen(f"{server}{PATH}") as response:
            assert "Accept-Ranges" not in response.headers
            columns, _ = read_all(response.read())

        assert sorted(columns["name"]) == public_names()
