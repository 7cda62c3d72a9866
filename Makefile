# Two commands do all on a fresh machine with Python 3.11: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STAMP_DEV := $(VENV)/.installed-dev
DEMO := out/demo
ALL ?=

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench ablation gallery chaos sbom audit clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 18

$(STAMP): pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "camxtime renders with Blender $$(sed -n 's/.*"bpy==\([0-9.]*\);.*/\1/p' pyproject.toml), which needs Python 3.11, and there is no '$(PYTHON)' here. Install Python 3.11 (Debian 12: apt-get install python3.11 python3.11-venv), or name one: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "$(PYTHON) is not Python 3.11, which the bpy wheel needs. Name one: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. Install its venv module (Debian: apt-get install python3.11-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (Blender's wheel alone is 374 MB the first time) …"
	@$(BIN)/python -m pip install -qq --upgrade 'pip>=24'
	@$(BIN)/python -m pip install -qq --editable '.[render,view]'
	@touch $@

# torch before what depends on it, in the version that the tests run with.
$(STAMP_DEV): $(STAMP)
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install -qq torch==2.13.0
	@$(BIN)/python -m pip install -qq --editable '.[render,exchange,remote,train,evaluate,view,report,wan,dev]'
	@touch $@

demo: $(STAMP) ## render a small real dataset into out/demo, verify it, say how to look at it
	@$(BIN)/camxtime doctor --brief --out $(DEMO)
	@$(BIN)/camxtime plan scene_specs/demo.yaml --no-probe
	@$(BIN)/camxtime render scene_specs/demo.yaml --out $(DEMO)
	@$(BIN)/camxtime verify $(DEMO)
	@$(BIN)/camxtime info $(DEMO) --sheet $(DEMO)-sheet.png
	@$(BIN)/camxtime sample $(DEMO) -n 3 --strip $(DEMO)-pairs.png
	@echo
	@echo "Dataset:        $(DEMO)"
	@echo "Contact sheet:  $(DEMO)-sheet.png   (a row per grid: its diagonal, camera and time advancing together)"
	@echo "Pairs:          $(DEMO)-pairs.png   (three pairs, source above target)"
	@echo "Explore it:     $(BIN)/camxtime view $(DEMO)   (a page in your browser)"
	@echo "Next:           $(BIN)/camxtime info $(DEMO)"
	@echo "                $(BIN)/camxtime qa $(DEMO)"
	@echo "                $(BIN)/python examples/read_dataset.py $(DEMO)"

test: $(STAMP_DEV) ## run the tests (quick ones; ALL=1 adds the slow ones, as CI does)
	@$(BIN)/python -m pytest $(if $(ALL),,-m "not slow") $(ARGS)

lint: $(STAMP_DEV) ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

format: $(STAMP_DEV) ## rewrite the code in the house format
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(STAMP_DEV) ## benchmarks of rendering, storage and streaming, each against its baseline in the same run
	@for script in render storage stream; do echo "== benchmarks/$$script.py"; $(BIN)/python benchmarks/$$script.py || exit 1; done

ABLATION := out/ablation
ablation: $(STAMP_DEV) ## render the ablation's data unless it is there, train, score, write docs/ablation.md
	@test -e $(ABLATION)-data/dataset.json || $(BIN)/camxtime render scene_specs/ablation.yaml --out $(ABLATION)-data
	@$(BIN)/python -m camxtime.training.ablation $(ABLATION)-data --out $(ABLATION) --report docs/ablation.md

gallery: $(STAMP_DEV) ## film docs/gallery.md anew
	@$(BIN)/python docs/make_gallery.py

FAULTS ?= 200
SEED ?= 1
chaos: $(STAMP_DEV) ## a campaign of faults over real renders (FAULTS=200 SEED=1); broken off, it goes on where it was
	@$(BIN)/python -m chaos --faults $(FAULTS) --seed $(SEED) --out out/chaos --report docs/reliability.md

sbom: $(STAMP_DEV) ## list every installed package (CycloneDX) in out/sbom.cdx.json
	@mkdir -p out; $(BIN)/python -m pip install -qq cyclonedx-bom
	@$(BIN)/cyclonedx-py environment --output-format JSON --output-file out/sbom.cdx.json $(BIN)/python && echo out/sbom.cdx.json

audit: $(STAMP_DEV) ## look every installed package up among known vulnerabilities (needs network)
	@mkdir -p out; $(BIN)/python -m pip install -qq pip-audit; $(BIN)/pip freeze --exclude-editable > out/installed.txt
	@$(BIN)/pip-audit --strict --no-deps --disable-pip -r out/installed.txt

clean: ## remove the environment and the demo (never your datasets elsewhere)
	rm -rf $(VENV) $(DEMO) $(DEMO)-sheet.png $(DEMO)-pairs.png build *.egg-info
