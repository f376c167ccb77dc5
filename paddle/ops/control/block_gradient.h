#pragma once
// What the gradient ops of control flow share: gradients that a block computes, added up over its runs.

#include <string>
#include <vector>

#include "paddle/op/registry.h"

namespace paddle {

// The gradient of one variable around a block, as a sum over runs of the gradient block.
class GradientSum {
 public:
  // `like`: the variable; `total`: where its gradient goes.
  GradientSum(const CpuContext& cpu, const Variable& like, Variable* total) : cpu_(cpu), like_(like), total_(*total) {}

  // Adds what a run computed; null: nothing. Sparse rows go into a dense total where the program describes one.
  void Add(const Variable* part);
  // Zeros if nothing was added.
  void Finish();

 private:
  void AddRows(const SelectedRows& part);
  void AddArray(const TensorArray& part);

  const CpuContext& cpu_;
  const Variable& like_;
  Variable& total_;
  bool started_ = false;
};

// `to` is of the kind and sizes of `like`, and all zeros; an array gets empty items.
void FillZerosLike(const CpuContext& cpu, const Variable& like, Variable* to);
// `to` gets bytes of its own.
void CopyVariable(const CpuContext& cpu, const Variable& from, Variable* to);

// The names of the gradients that an op's output slot "SLOT@GRAD" asks for, as its block knows them, without those in
// `except`.
std::vector<std::string> GradientsAskedFor(const OpDesc& op, std::string_view slot,
                                           const std::vector<std::string>& except = {});

}  // namespace paddle
