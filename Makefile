.PHONY: run test bench chaos restore-drill check format lock openapi.yaml sbom

# Everything, in the foreground, on http://$HOST:$PORT (127.0.0.1:8000).
run:
	@deploy/install.sh runtime
	@exec .venv/bin/python -m deploy.stack run

# The whole suite on a throwaway cluster. Some of it: make test ARGS="tests/api -k bbox"
test:
	@deploy/install.sh development
	@exec .venv/bin/python -m deploy.stack test $(ARGS)

# A script of the TypeScript client, run by the virtual environment's npm.
CLIENT = @PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix clients/typescript run --silent

# Its speed beside its peers and its limit, in some 20 minutes; in less than 5: make bench QUICK=1
bench:
	@deploy/install.sh development wrk
	@exec .venv/bin/python -m benchmarks $(if $(QUICK),--quick)

# What each fault costs, in some six minutes. One of them: make chaos ARGS="--faults pgBouncer"
# 200 processes killed at random: make chaos ARGS="--kills 200". A crowd: make chaos CROWD=1
chaos:
	@deploy/install.sh development
	@exec .venv/bin/python -m tests.faults.$(if $(CROWD),crowd,chaos) $(ARGS)

# Whether a backup can be restored, in a minute. Your own: docs/backup.md
restore-drill:
	@deploy/install.sh development
	@exec .venv/bin/python -m tests.deploy.restore_drill $(ARGS)

check:
	@deploy/install.sh development
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/python manage.py spectacular --validate --fail-on-warn | diff openapi.yaml -
	.venv/bin/python -m tests.contract.compatibility
	.venv/bin/python -m tests.contract.migrations
	.venv/bin/cfn-lint deploy/aws/stack.yaml
	.venv/bin/python -m tests.supply.licences
	.venv/bin/python -m tests.supply.vulnerabilities
	$(CLIENT) check

format:
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

openapi.yaml:
	.venv/bin/python manage.py spectacular --validate --fail-on-warn --file $@
	$(CLIENT) generate

# The versions and hashes of every dependency, for every supported Python.
LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header pyproject.toml
lock:
	$(LOCK) --output-file requirements/runtime.txt
	$(LOCK) --extra tracing --output-file requirements/tracing.txt
	$(LOCK) --extra tracing --group dev --output-file requirements/development.txt

# What a release is made of, with hashes, as CycloneDX: the same for the same lock file.
SBOM ?= sbom.json
sbom:
	.venv/bin/cyclonedx-py requirements requirements/runtime.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file $(SBOM)
