# Two commands: `make repro` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONPATH := src
PYTHON ?= python3

# NAME: of a preset, or of a new pipeline
NAME ?= smoke

.PHONY: help setup repro lint dvc-yaml test test-slow bench bench-scale fuzz study seeds variants probe kills faults times config preset new-pipeline clean-recovery clean-cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## make .venv and install the pinned requirements

$(VENV)/ready: requirements.txt $(wildcard requirements/*.txt) requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	@echo "installing into $(VENV) (some minutes, once) ..."
	@test -x $(VENV)/bin/python3 || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt -c constraints.txt
	@touch $@

repro: setup ## run what changed of the pipeline, then show its figures
	@python3 -m tailwise repair
	@python3 -m tailwise preflight
	@dvc repro
	@python3 -m tailwise summary

lint: setup ## style, common mistakes and types; whether dvc.yaml says what the code imports
	@ruff check
	@ruff format --check
	@pyright --warnings
	@python3 -m tools.dvc_yaml --check

dvc-yaml: setup ## write each stage's code dependencies, as imports are now, into every dvc.yaml
	@python3 -m tools.dvc_yaml

test: setup ## every promise, by a quick test: 8 minutes
	@python3 -m pytest -n 3 --dist worksteal -m "not slow"

test-slow: setup ## real kills, whole experiments, several processes, sweeps
	@python3 -m pytest -n 3 --dist worksteal -m slow

bench: setup $(VENV)/ready-bench ## the figures of speed and memory, measured here, printed and kept in reports/bench
	@python3 bench/run.py

$(VENV)/ready-bench: requirements-bench.txt requirements.txt constraints.txt | setup
	@if $(VENV)/bin/python3 -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-bench.txt -c constraints.txt; \
	then touch $@; else echo "bench: goes on without what could not be installed"; fi

bench-scale: setup ## the same at the official data's size; takes ten minutes and 45 GB of disk
	@python3 bench/scale.py

fuzz: setup ## clips that try decoding: key frames anywhere, turned, damaged, broken; and what became of them
	@python3 bench/fuzz.py

study: setup ## ways of rebalancing compared at full length, 5 seeds each: a day of 2 cores, goes on where it was stopped
	@python3 -m tailwise repair
	@dvc repro decode_clips analyze_classes
	@cd pipelines/study && dvc repro digits
	@cd pipelines/study && dvc repro fashion || echo "the study goes on without Fashion-MNIST"
	@cd pipelines/study && PYTHONPATH=../../src:. python3 -m tailwise.core.stage run_cells.py
	@cd pipelines/study && dvc repro summarize

study-tables: setup ## the study's tables and plots, of the cells that are there
	@cd pipelines/study && dvc repro summarize

seeds: setup ## the whole pipeline with three seeds, each in a folder of its own, and its targets
	@python3 bench/seeds.py

variants: setup ## the model's variants on the demo: quality, parameters, time; half an hour
	@python3 bench/variants.py

probe: setup ## whether the demo is honest: what can be told without seeing movement
	@python3 bench/probe.py

kills: setup ## SIGKILL to the training at 90 instants, and what becomes of the runs; an hour
	@python3 bench/kills.py

faults: setup ## faults put into training on the demo, with the guards and without; the pipeline's clips must be there
	@python3 bench/faults.py
	@python3 bench/faults.py --healthy 5

times: setup ## how long each stage took when it last ran here
	@python3 bench/times.py

config: setup ## print the parameters as the pipeline reads them, defaults included
	@python3 -m tailwise config

preset: setup ## write a preset's values into params.yaml: make preset NAME=smoke, or a path as reports/config.yaml
	@python3 -m tailwise preset $(NAME)

new-pipeline: setup ## write a new pipeline that runs: make new-pipeline NAME=songs, see docs/adding-a-pipeline.md
	@python3 tools/new_pipeline.py $(NAME)

clean-recovery: ## forget interrupted runs
	@rm -rf .resume pipelines/*/.resume

clean-cache: ## forget all decoded shards: the next run decodes anew
	@rm -rf .cache
