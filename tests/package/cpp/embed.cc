// Parses the program file named on the command line and runs it without feeds; prints the sum of the variable named
// next.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "paddle/runtime/executor.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  try {
    const auto program = paddle::ProgramDesc::Parse(bytes);
    paddle::Scope scope;
    paddle::Executor executor;
    const auto out = executor.Run(*program, scope, {}, {argv[2]});
    const auto& tensor = out.at(0).get<paddle::Tensor>();
    double sum = 0;
    for (int64_t i = 0; i < tensor.numel(); ++i) sum += tensor.data<float>()[i];
    std::printf("%g\n", sum);
  } catch (const paddle::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
