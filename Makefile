# Two commands: `make repro` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONPATH := src
# Where no bytecode is written, every process compiles the code that it imports.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3

# NAME: of a preset, or of a new pipeline
NAME ?= smoke

.PHONY: help setup extras doctor docs repro lint dvc-yaml test test-slow bench bench-scale fuzz study paper seeds variants probe kills faults times config preset new-pipeline clean-recovery clean-cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## make .venv and install the pinned requirements

$(VENV)/ready: requirements.txt $(wildcard requirements/*.txt) requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "installing into $(VENV) (some minutes, once) ..."
	@test -x $(VENV)/bin/python3 || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt -c constraints.txt
	@touch $@

extras: $(VENV)/ready-extras ## install what clusters, searches, exported models and their server need, too

EXTRAS := requirements-cluster.txt requirements-search.txt requirements-export.txt requirements-serve.txt
$(VENV)/ready-extras: $(EXTRAS) constraints.txt | setup
	@$(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check $(EXTRAS:%=-r %) -c constraints.txt
	@touch $@

repro: setup ## run the changed stages of the pipeline, then print the metrics
	@python3 -m tailwise repair
	@python3 -m tailwise preflight
	@dvc repro
	@python3 -m tailwise summary

doctor: setup ## check this machine and say what to mend
	@python3 -m tailwise doctor

lint: extras ## check style, types, and that dvc.yaml matches the imports
	@ruff check
	@ruff format --check
	@pyright --warnings
	@python3 -m tools.dvc_yaml --check

dvc-yaml: setup ## write each stage's code dependencies into every dvc.yaml, from the imports
	@python3 -m tools.dvc_yaml

test: setup ## the quick test suite: 8 minutes
	@python3 -m pytest -n 3 --dist worksteal -m "not slow"

test-slow: setup ## the slow tests: kills, complete experiments, several processes
	@python3 -m pytest -n 3 --dist worksteal -m slow

bench: setup $(VENV)/ready-bench ## measure speed and memory here; tables go to reports/bench
	@python3 bench/run.py

$(VENV)/ready-bench: requirements-bench.txt requirements.txt constraints.txt | setup
	@if $(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-bench.txt -c constraints.txt; \
	then touch $@; else echo "bench: continues without the packages that could not be installed"; fi

bench-scale: setup ## decoding at the official data's size; ten minutes and 45 GB of disk
	@python3 bench/scale.py

docs: setup $(VENV)/ready-docs ## build the documentation with the reference of the code, into site/
	@NO_MKDOCS_2_WARNING=1 python3 -m mkdocs build --strict --quiet
	@echo "site/index.html"

$(VENV)/ready-docs: requirements-docs.txt requirements.txt constraints.txt | setup
	@$(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-docs.txt -c constraints.txt
	@touch $@

fuzz: setup ## decode clips with unusual key frames, rotation, damage or corruption, and count the outcomes
	@python3 bench/fuzz.py

study: setup ## compare rebalancing methods at full length, 5 seeds each; a day of two cores, resumable
	@python3 -m tailwise repair
	@dvc repro decode_clips analyze_classes
	@cd pipelines/study && dvc repro digits
	@cd pipelines/study && dvc repro fashion || echo "the study goes on without Fashion-MNIST"
	@cd pipelines/study && PYTHONPATH=../../src:. python3 -m tailwise.core.stage run_cells.py
	@cd pipelines/study && dvc repro summarize

study-tables: setup ## the study's tables and plots, of the cells that are there
	@cd pipelines/study && dvc repro summarize

paper: setup ## a draft of a paper in Markdown and LaTeX from the reports of the last run
	@python3 -m tailwise paper

seeds: setup ## the pipeline with three seeds, compared with its targets; twenty minutes
	@python3 bench/seeds.py

variants: setup ## compare the model variants on the demo: quality, parameters, time; half an hour
	@python3 bench/variants.py

probe: setup ## check the demo for shortcuts: what can be predicted without movement
	@python3 bench/probe.py

kills: setup ## kill training with SIGKILL at 90 instants and resume it; one hour
	@python3 bench/kills.py

faults: setup ## inject faults into training on the demo, with guards and without; needs a finished run; one hour
	@python3 bench/faults.py
	@python3 bench/faults.py --healthy 5

times: setup ## time and memory of each stage in its last run here
	@python3 bench/times.py

config: setup ## print the parameters as the pipeline reads them, defaults included
	@python3 -m tailwise config

preset: setup ## apply a preset to params.yaml: make preset NAME=smoke, or a path such as reports/config.yaml
	@python3 -m tailwise preset $(NAME)

new-pipeline: setup ## create a working pipeline: make new-pipeline NAME=songs, see docs/adding-a-pipeline.md
	@python3 tools/new_pipeline.py $(NAME)

clean-recovery: ## remove the saved states of interrupted runs
	@rm -rf .resume pipelines/*/.resume

clean-cache: ## remove all decoded shards
	@rm -rf .cache
