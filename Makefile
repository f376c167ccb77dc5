.PHONY: setup build quickstart test asan tsan cuda-check bench wheel docs format clean

setup:
	scripts/setup

build: setup
	scripts/build release

quickstart: setup
	scripts/quickstart

test: setup
	scripts/test

asan: setup
	scripts/sanitize asan-ubsan

tsan: setup
	scripts/sanitize tsan

cuda-check: setup
	scripts/cuda-check

bench: build
	scripts/bench

wheel: setup
	scripts/wheel

docs: build
	PYTHONPATH=build/release/python .venv/bin/python scripts/reference docs

format:
	clang-format -i $$(git ls-files '*.h' '*.cc' '*.cu')

clean:
	rm -rf build dist out
