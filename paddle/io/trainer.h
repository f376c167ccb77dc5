#pragma once
// Training a saved program from C++ alone.
//
//   paddle::Trainer trainer(paddle::ReadFile("startup.program"), paddle::ReadFile("main.program"));
//   for (...) loss = trainer.Step({{"image", image}, {"label", label}}, {"loss"}).at(0);
//   trainer.Save("parameters");

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "paddle/tensor/tensor.h"

namespace paddle {

// A startup program and a main program with optimizer, as Program.desc.serialize_to_string() writes them, over a scope
// of their own.
class Trainer {
 public:
  // Runs the startup program. `seed`, if not 0, is the key of the random numbers of both.
  Trainer(std::string_view startup_program, std::string_view main_program, uint64_t seed = 0);
  ~Trainer();

  // One run of the main program: feeds by name, returns the fetched tensors. Throws InvalidArgument for wrong feeds.
  std::vector<Tensor> Step(const std::vector<std::pair<std::string, Tensor>>& feeds,
                           const std::vector<std::string>& fetches);

  // All persistable variables, parameters and the optimizer's: one file each in the folder, or with `file_name` all in
  // one.
  void Save(const std::string& folder, const std::string& file_name = {}) const;
  void Load(const std::string& folder, const std::string& file_name = {});
  // A copy of a variable, by name. Throws NotFound.
  Tensor Get(const std::string& name) const;
  void Set(const std::string& name, const Tensor& value);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddle
