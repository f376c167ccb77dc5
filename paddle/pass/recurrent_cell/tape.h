#pragma once
// The gradient ops of a list of ops, written through the registry's rules.

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/op/grad.h"

namespace paddle {

// For straight lists of ops of which none writes over what another one reads; a counter that is stepped is in order.
class Tape : private GradEnvironment {
 public:
  struct Options {
    std::function<bool(const std::string& variable)> wanted;  // whether anything wants a gradient that flows to it
    std::function<bool(const std::string& variable)> is_array;
    std::function<std::string(const std::string& variable)> name;  // a new name for a gradient of it
  };
  explicit Tape(Options options) : options_(std::move(options)) {}

  // The gradient of `variable` is in `name`; of an array it is always in NAME@GRAD, item by item.
  void Give(const std::string& variable, const std::string& name) { parts_[variable].push_back(name); }
  // Appends the gradient ops of the next op, counted from the last to the first.
  void Differentiate(const OpDesc& op);
  // The name of the variable's gradient; empty: there is none. Writes `sum` where it has several parts.
  std::string Total(const std::string& variable);

  std::vector<OpDesc>& ops() { return ops_; }

 private:
  bool Wanted(const std::string& input) const override { return options_.wanted(input); }
  bool HasGrad(const std::string& output) const override { return parts_.contains(output); }
  std::optional<GradBlock> DifferentiateBlock(const BlockGradRequest&) override { return std::nullopt; }

  void Append(const OpDesc& forward, OpDesc grad);

  Options options_;
  std::map<std::string, std::vector<std::string>> parts_;
  std::vector<OpDesc> ops_;
};

}  // namespace paddle
