#include "paddle/io/trainer.h"

#include "paddle/io/feed.h"
#include "paddle/io/model.h"
#include "paddle/runtime/executor.h"

namespace paddle {

struct Trainer::State {
  std::shared_ptr<ProgramDesc> startup, main;
  Scope scope;
  Executor executor;
  uint64_t seed = 0;

  Tensor& Find(const std::string& name) {
    Variable* variable = scope.Find(name);
    if (!variable) throw NotFound(StrCat("there is no variable '", name, "'"));
    return variable->get<Tensor>();
  }
};

Trainer::Trainer(std::string_view startup_program, std::string_view main_program, uint64_t seed)
    : state_(std::make_unique<State>()) {
  state_->startup = ProgramDesc::Parse(startup_program);
  state_->main = ProgramDesc::Parse(main_program);
  state_->seed = seed;
  state_->executor.Run(*state_->startup, state_->scope, {}, {}, seed);
}

Trainer::~Trainer() = default;

std::vector<Tensor> Trainer::Step(const std::vector<std::pair<std::string, Tensor>>& feeds,
                                  const std::vector<std::string>& fetches) {
  std::vector<Feed> checked;
  for (const auto& [name, tensor] : feeds) {
    CheckInput(name, InputMeta(*state_->main, name), tensor);
    checked.push_back({name, tensor});
  }
  std::vector<Tensor> out;
  for (auto& variable : state_->executor.Run(*state_->main, state_->scope, checked, fetches, state_->seed))
    out.push_back(std::move(variable.get<Tensor>()));
  return out;
}

void Trainer::Save(const std::string& folder, const std::string& file_name) const {
  SavePersistables(*state_->main, folder, file_name, &state_->scope);
}
void Trainer::Load(const std::string& folder, const std::string& file_name) {
  LoadPersistables(*state_->main, folder, file_name, &state_->scope);
}

Tensor Trainer::Get(const std::string& name) const {
  const Tensor& held = state_->Find(name);
  Require(held.initialized(), "variable '", name, "' holds no value");
  Tensor copy;
  copy.CopyFrom(held);
  return copy;
}

void Trainer::Set(const std::string& name, const Tensor& value) {
  Tensor& held = state_->Find(name);
  Require(value.initialized() && value.dtype() == held.dtype() && value.dims() == held.dims(), "variable '", name,
          "' is ", held.meta(), ", got ", value.meta());
  held.CopyFrom(value);
}

}  // namespace paddle
