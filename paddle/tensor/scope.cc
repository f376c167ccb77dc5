#include "paddle/tensor/scope.h"

#include <algorithm>
#include <random>

namespace paddle {
namespace {

uint64_t NextChange() {
  static std::atomic<uint64_t> changes{0};
  return ++changes;
}

}  // namespace

Scope::Scope(Scope* parent) : parent_(parent), structure_(NextChange()) {}

void Scope::MarkChanged() { structure_.store(NextChange(), std::memory_order_release); }

Variable& Scope::Var(std::string_view name) {
  std::scoped_lock lock(mutex_);
  const auto found = variables_.find(name);
  if (found != variables_.end()) return *found->second;
  MarkChanged();
  return *variables_.emplace(std::string(name), std::make_shared<Variable>()).first->second;
}

Variable* Scope::FindLocal(std::string_view name) {
  std::scoped_lock lock(mutex_);
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : found->second.get();
}

std::shared_ptr<Variable> Scope::ShareLocal(std::string_view name) {
  std::scoped_lock lock(mutex_);
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : found->second;
}

Variable* Scope::Find(std::string_view name) {
  for (Scope* scope = this; scope; scope = scope->parent_)
    if (Variable* variable = scope->FindLocal(name)) return variable;
  return nullptr;
}

bool Scope::Erase(std::string_view name) {
  std::scoped_lock lock(mutex_);
  const auto found = variables_.find(name);
  if (found == variables_.end()) return false;
  if (uses_ > 0) erased_.push_back(found->second);
  variables_.erase(found);
  MarkChanged();
  return true;
}

std::vector<std::string> Scope::LocalNames() const {
  std::scoped_lock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& entry : variables_) names.push_back(entry.first);
  return names;
}

Scope& Scope::NewChild() { return *ShareNewChild(); }

std::shared_ptr<Scope> Scope::ShareNewChild() {
  std::scoped_lock lock(mutex_);
  return children_.emplace_back(std::make_shared<Scope>(this));
}

void Scope::DropChildren() {
  std::vector<std::shared_ptr<Scope>> dropped;
  std::scoped_lock lock(mutex_);
  dropped.swap(children_);
}

void Scope::DropChild(const Scope* child) {
  std::scoped_lock lock(mutex_);
  std::erase_if(children_, [&](const auto& own) { return own.get() == child; });
}

std::vector<std::shared_ptr<Scope>> Scope::Children() const {
  std::scoped_lock lock(mutex_);
  return children_;
}

Scope::Use::Use(Scope& scope) : scope_(scope) {
  for (Scope* at = &scope; at; at = at->parent_) {
    std::scoped_lock lock(at->mutex_);
    ++at->uses_;
  }
}

Scope::Use::~Use() {
  for (Scope* at = &scope_; at; at = at->parent_) {
    std::vector<std::shared_ptr<Variable>> erased;  // destroyed after the lock
    std::scoped_lock lock(at->mutex_);
    if (--at->uses_ == 0) erased.swap(at->erased_);
  }
}

uint64_t Scope::structure_version() const {
  uint64_t last = 0;
  for (const Scope* scope = this; scope; scope = scope->parent_)
    last = std::max(last, scope->structure_.load(std::memory_order_acquire));
  return last;
}

Scope::RandomState Scope::random_state() const {
  std::scoped_lock lock(mutex_);
  return random_;
}

void Scope::set_random_state(uint64_t seed, uint64_t step) {
  std::scoped_lock lock(mutex_);
  random_ = {seed, step, true};
}

Scope::RandomState Scope::NextRandomStep() {
  std::scoped_lock lock(mutex_);
  if (!random_.seeded) {
    std::random_device device;
    random_.seed = (static_cast<uint64_t>(device()) << 32) | device();
    random_.seeded = true;
  }
  RandomState now = random_;
  ++random_.step;
  return now;
}

}  // namespace paddle
