.PHONY: quickstart test asan tsan setup format clean

setup:
	scripts/setup

quickstart: setup
	scripts/quickstart

test: setup
	scripts/test

asan: setup
	scripts/sanitize asan-ubsan

tsan: setup
	scripts/sanitize tsan

format:
	clang-format -i $$(git ls-files '*.h' '*.cc' '*.cu')

clean:
	rm -rf build dist
