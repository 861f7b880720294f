"""Whether all that is shipped may be, under the licences that their packages name.

python -m tests.supply.licences

pip-licenses compares names only, and knows neither AND nor OR.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "requirements/tracing.txt"

# They ask for their notices, which the packages carry.
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "MIT-0", "MIT-CMU",
    "PSF-2.0", "Zlib",
}  # fmt: skip
# They ask for more, and get it: the packages are as their authors published them, beside our code,
# where whoever runs it can replace them.
ALLOWED_OF = {
    "certifi": {"MPL-2.0"},
    "tqdm": {"MPL-2.0"},
    "django-leaflet": {"LGPL-3.0-only"},
    "psycopg": {"LGPL-3.0-only"},
    "psycopg-binary": {"LGPL-3.0-only"},
}
# What packages say where they do not write SPDX.
SPOKEN = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


def licence_of(package: Distribution) -> str:
    """As its metadata has it: an expression, else the classifiers, of any of them, else text."""
    metadata = package.metadata
    if expressions := metadata.get_all("License-Expression"):
        return str(expressions[0])
    classifiers = metadata.get_all("Classifier", [])
    licences = [each.split(" :: ")[-1] for each in classifiers if each.startswith("License ::")]
    return " OR ".join(licences or metadata.get_all("License", ["none"]))


def is_allowed(licence: str, also: set[str]) -> bool:
    """Whether all parts of one of the alternatives are."""
    allowed = ALLOWED | also
    return any(
        all(SPOKEN.get(part, part) in allowed for part in re.split(" AND ", each))
        for each in re.split(" OR ", licence)
    )


def shipped() -> Iterator[tuple[str, Distribution]]:
    """The packages that are locked, but for those of other systems and Pythons."""
    for name in sorted(set(re.findall(r"^([\w.-]+)==", SHIPPED.read_text(), re.MULTILINE))):
        try:
            yield name, distribution(name)
        except PackageNotFoundError:
            continue


def main() -> int:
    refused = [
        f"{name} is under {licence_of(package)}, which is not among those in {__file__}."
        for name, package in shipped()
        if not is_allowed(licence_of(package), ALLOWED_OF.get(name, set()))
    ]
    for each in refused:
        print(each, file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
