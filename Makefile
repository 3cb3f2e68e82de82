# Every command a person needs; `make` alone lists them.

NAME ?= tagloop

# What a person says. It reaches the commands through the environment, as it stands: blanks, quotes
# and $ mean nothing to make or the shell.
GIVEN := NAME NAMESPACE SOURCE COLUMNS TAG_SEPARATOR LICENSE MIN_WORDS LIMIT PREVIOUS TAG_OVERRIDES \
         BASE ENCODER TRAINING MODEL DATASET AGREEMENT DATA SPLIT OUT PUSH SPACE AUTO_RETRAIN \
         EXECUTOR WORKERS EXECUTOR_SETTINGS WORK_DIR
# The width of a terminal has the name of a variable here, and so has what servers take for theirs.
ifeq ($(origin COLUMNS)$(findstring =,$(value COLUMNS)),environment)
COLUMNS :=
endif
ifeq ($(origin WORKERS),environment)
WORKERS :=
endif
$(foreach name,$(GIVEN),$(if $(value $(name)),$(eval override $(name) := $$(value $(name)))$(eval export $(name))))

VENV   := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY     := $(VENV)/bin/python
READY  := $(VENV)/.ready
PEERS  := $(VENV)/.peers
RAY    := $(VENV)/.ray
TOOLS  := $(VENV)/tools
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# A lock names all packages, the build tool among them: nothing else is fetched or believed.
INSTALL := $(PY) -m pip install --require-hashes --no-deps --no-build-isolation --progress-bar off

# A flag with what was given, if anything was; and a flag that is there or not.
flag   = $(if $($(1)),--$(2) "$$$(1)")
switch = $(if $($(1)),--$(2))

source   = $(call flag,SOURCE,source)
reading  = $(call flag,COLUMNS,columns) $(call flag,TAG_SEPARATOR,tag_separator) \
           $(call flag,LICENSE,license) $(call flag,MIN_WORDS,min_words) \
           $(call flag,TAG_OVERRIDES,tag_overrides) $(call switch,KEEP_TITLE_ONLY,keep_title_only) \
           $(call switch,DRAFTS,drafts) $(call switch,STRICT,strict)
parts    = $(call flag,EXECUTOR,executor) $(call flag,WORKERS,workers) \
           $(call flag,EXECUTOR_SETTINGS,executor_settings) $(call flag,WORK_DIR,work_dir) $(verbose)
settings = $(call flag,NAME,name) $(source) $(reading) $(call flag,BASE,base) \
           $(call flag,ENCODER,encoder) $(call flag,TRAINING,training)

# V=1 shows what goes into the log otherwise.
verbose = $(if $(V),--verbose)

.DEFAULT_GOAL := help
.PHONY: help install demo test benchtest browsertest slowtest faults fuzz data base bench train evaluate tag publish retrain space growth screenshots lint lock audit sbom clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(READY) ## the packages into .venv, none without its hash; every other command does so first

demo: $(READY) ## the whole loop on this machine; CHECK=1 proves every step, then goes; V=1 shows all
	@$(PY) -m training.demo $(if $(CHECK),--check) $(verbose)

PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: $(READY) ## the tests, with the journeys in a browser; 10 minutes on 2 cores
	@$(PYTEST) -m "not slow and not browser and not bench"

benchtest: $(READY) ## the tests of the benchmarks and of the base's recipe, 2 minutes
	@$(PYTEST) -m "bench and not slow"

browsertest: $(READY) ## the rest in a browser: every tab, phones, languages, hostile visitors; 7 minutes
	@$(PYTEST) -m "browser and not slow"

slowtest: $(READY) $(RAY) ## the slow tests: whole benchmarks, base trainings, a killed one, a second demo, fuzzing
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 -m slow

faults: $(READY) ## kill, starve and confuse the outbox, count what is lost: [TRIALS=100] [SEED=…]
	@$(PY) -m tests.faults --trials $(or $(TRIALS),100) $(if $(SEED),--seed $(SEED))

fuzz: $(READY) ## bad input to the embedded Hub and to Batch: [SECONDS=600] [SEED=…]
	@OMP_NUM_THREADS=1 $(PY) -m tests.fuzz --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

data: $(READY) $(if $(filter ray,$(EXECUTOR)),$(RAY)) ## build the dataset: SOURCE=folder|file|address|owner/dataset [COLUMNS=title=…,text=…] [NAME=…] [DRY_RUN=1] [EXECUTOR=local|slurm|ray|jobs]
	@$(PY) -m training.build_dataset $(call flag,NAME,name) $(or $(source),--source dataset_card/starter $(if $(LICENSE),,--license CC0-1.0)) $(strip $(reading)) $(call flag,LIMIT,limit) $(call flag,PREVIOUS,previous) $(call switch,DRY_RUN,dry_run) $(strip $(parts))

train: $(READY) ## build, fine-tune and measure: SOURCE=… [BASE=google/flan-t5-small] [ENCODER=…] [NAME=…]
	@$(PY) -m training.publish.pipeline $(settings) $(verbose)

evaluate: $(READY) ## measure a tagger again: [MODEL=folder|owner/tagger] [NAME=…]
	@$(PY) -m training.evaluation $(call flag,NAME,name) $(call flag,MODEL,model) $(verbose)

tag: $(READY) $(if $(filter ray,$(EXECUTOR)),$(RAY)) ## tags of an article, or a file of many with theirs: SOURCE=post.md|posts.csv|folder|owner/dataset [OUT=…] [PUSH=owner/name] [MODEL=…] [EXECUTOR=local|slurm|ray|jobs]
	@$(PY) -m training.tag $(if $(SOURCE),"$$SOURCE") $(call flag,OUT,out) $(call flag,PUSH,push) $(call flag,MODEL,model) $(call flag,COLUMNS,columns) $(call flag,LIMIT,limit) $(strip $(parts))

publish: $(READY) ## dataset, model and Space to the Hub: NAMESPACE=you [SOURCE=…] [BASE=…] [SPACE=gradio|static|both] [PRIVATE=1] [AUTO_RETRAIN=1|0] [DRY_RUN=1]
	@$(PY) -m training.publish --namespace "$$NAMESPACE" $(settings) $(call switch,PRIVATE,private) $(call flag,SPACE,space) $(call flag,AUTO_RETRAIN,auto_retrain) $(call switch,DRY_RUN,dry_run) $(verbose)

retrain: $(READY) ## the next version from corrections: NAMESPACE=you [NAME=…] [AGREEMENT=K] [SUGGESTIONS=1] [DRY_RUN=1]
	@$(if $(NAMESPACE)$(MODEL),,echo "error: NAMESPACE is missing: make retrain NAMESPACE=you NAME=blog" >&2; exit 2;) \
	$(PY) -m training.retrain --model $(if $(MODEL),"$$MODEL","$$NAMESPACE/$$NAME-tagger") $(call flag,DATASET,dataset) \
	$(call flag,AGREEMENT,agreement) $(call switch,SUGGESTIONS,suggestions) $(call switch,DRY_RUN,dry_run) $(verbose)

space: $(READY) ## run the Space here on any tagger: MODEL=owner/tagger [SHARE=1]
	@$(if $(MODEL),,echo "error: MODEL is missing: make space MODEL=owner/tagger" >&2; exit 2;) \
	MODEL_REPO="$$(cd -- "$$MODEL" 2>/dev/null && pwd || printf %s "$$MODEL")" && export MODEL_REPO && \
	cd space && $(if $(SHARE),GRADIO_SHARE=True) "$(abspath $(PY))" app.py

base: $(READY) ## train the bundled base anew, six hours: DATA="folder more"
	@$(if $(DATA),,echo "error: DATA is missing: make base DATA=folder" >&2; exit 2;) \
	$(PY) -m training.base.recipe train --data "$$DATA" && $(PY) -m training.base.recipe export

bench: $(PEERS) ## Tagloop and its peers side by side: DATA="folder more" [SPLIT=validation] [ONLY="knn yake"] [AGAIN=1]
	@$(if $(DATA),,echo "error: DATA is missing: make bench DATA=folder" >&2; exit 2;) \
	$(PY) -m training.bench.quality --data "$$DATA" --split $(if $(SPLIT),"$$SPLIT",validation) $(if $(ONLY),--only $(ONLY)) $(if $(AGAIN),--again) && \
	$(PY) -m training.bench.speed --data "$$DATA"

growth: $(READY) ## time and memory by number of articles, to a million, 80 minutes: DATA="folder more"
	@$(if $(DATA),,echo "error: DATA is missing: make growth DATA=folder" >&2; exit 2;) \
	$(PY) -m training.bench.growth --data "$$DATA"

screenshots: $(READY) ## pictures of the Space on any tagger: MODEL=folder|owner/tagger [DATASET=…]
	@$(if $(MODEL),,echo "error: MODEL is missing: make screenshots MODEL=folder" >&2; exit 2;) \
	$(PY) -m training.demo.screenshots --model "$$MODEL" $(call flag,DATASET,dataset)

# The same checks stand in .pre-commit-config.yaml. What succeeds is silent.
CHECKS := "ruff check ." "ruff format --check ." "mypy" "lint-imports --no-logo --no-cache" "deptry ."

lint: $(READY) ## style, types, who may import whom, requirements
	@status=0; for check in $(CHECKS); do \
	output=$$($(VENV)/bin/$$check 2>&1) || { echo "$$output"; echo "error: $$check" >&2; status=1; }; \
	done; exit $$status

lock: $(TOOLS)/.ready ## write the lock files anew from the requirements: [UPGRADE=1]
	@$(TOOLS)/bin/python .ci/lock.py $(if $(UPGRADE),--upgrade)

audit: $(TOOLS)/.ready ## known vulnerabilities of the locked packages; needs the network
	@$(TOOLS)/bin/python .ci/audit.py

sbom: $(READY) $(TOOLS)/.ready ## bills of materials (CycloneDX) into build/sbom: what is installed here, and the Space's
	@mkdir -p build/sbom
	@$(TOOLS)/bin/cyclonedx-py environment $(PY) --pyproject pyproject.toml --output-reproducible --validate -o build/sbom/tagloop.cdx.json
	@$(TOOLS)/bin/cyclonedx-py requirements space/requirements.lock --output-reproducible --validate -o build/sbom/space.cdx.json
	@echo "written: build/sbom/tagloop.cdx.json, build/sbom/space.cdx.json"

clean: ## remove what the commands made: build/, .demo/ with its Hub, caches; not .venv
	rm -rf build .demo .pytest_cache .ruff_cache .mypy_cache

# A build of PyTorch without GPU support is taken first, where pip is set up with one that the lock
# has: the usual builds for Linux need NVIDIA's libraries, of some gigabytes.
WANTS_CUDA := import importlib.metadata as m, sys; sys.exit(not any("nvidia" in r for r in m.requires("torch")))

# The stamp comes last, so that an interrupted installation is taken up again.
$(READY): requirements.lock requirements-cuda.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed; name it with make PYTHON=…")'
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@echo "installing the packages into $(VENV): about 2 GB, some minutes the first time"
	@sed -n '/^setuptools==/,/[^\\]$$/p' requirements.lock > $(VENV)/setuptools.lock
	@$(INSTALL) --quiet -r $(VENV)/setuptools.lock
	@sed -n 's/^\(torch==[0-9.]*\) /\1+cpu /; /^torch==/,/[^\\]$$/p' requirements.lock > $(VENV)/torch-cpu.lock
	@$(INSTALL) --quiet -r $(VENV)/torch-cpu.lock 2> $(VENV)/torch-cpu.log || echo "pip has no build of PyTorch without GPU support: the usual one is taken"
	@$(INSTALL) -r requirements.lock
	@if $(PY) -c '$(WANTS_CUDA)'; then $(INSTALL) -r requirements-cuda.lock; fi
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(PY) -m pip check
	@touch $@

# The peers of the benchmark are not needed for anything else.
$(PEERS): $(READY) training/bench/requirements.lock
	@$(INSTALL) --quiet -r training/bench/requirements.lock
	@touch $@

# Only what runs on a Ray cluster needs it.
$(RAY): $(READY) training/cluster/requirements.lock
	@$(INSTALL) --quiet -r training/cluster/requirements.lock
	@touch $@

# The tools have packages of their own that nothing else here shall meet.
$(TOOLS)/.ready: .ci/requirements.lock
	@test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r $<
	@touch $@
