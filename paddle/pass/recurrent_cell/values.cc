#include "paddle/pass/recurrent_cell/values.h"

#include <algorithm>

#include "paddle/base/errors.h"

namespace paddle::recurrent_cell {
namespace {

// More than any cell has.
constexpr size_t kMaxTerms = 32, kMaxFactors = 8, kMaxParts = 64;
constexpr int kMaxDepth = 16;

template <class Value>
int NumberOf(const Value& value, std::map<Value, int>* numbers, std::vector<Value>* values) {
  const auto [found, added] = numbers->emplace(value, static_cast<int>(values->size()));
  if (added) values->push_back(value);
  return found->second;
}

void AddTerm(Polynomial* to, const std::vector<int>& factors, double coefficient) {
  const auto found = to->emplace(factors, 0).first;
  found->second += coefficient;
  if (found->second == 0) to->erase(found);
  Require(to->size() <= kMaxTerms && factors.size() <= kMaxFactors, "it computes long sums or products");
}

bool IsScalar(const Columns& columns) { return columns.size() == 1 && columns[0].width == 0; }

}  // namespace

int64_t WidthOf(const Columns& columns) {
  int64_t width = 0;
  for (const Part& part : columns) width += part.width;
  return width;
}

int Algebra::Number(const Factor& factor) {
  const int number = NumberOf(factor, &factor_numbers_, &factors_);
  if (number < static_cast<int>(depths_.size())) return number;
  int depth = 0;
  if (factor.operand >= 0)
    for (const auto& term : polynomial(factor.operand))
      for (const int each : term.first) depth = std::max(depth, depths_[each] + 1);
  depths_.push_back(depth);
  Require(depth <= kMaxDepth, "it computes functions of functions");
  return number;
}
int Algebra::Number(const Polynomial& value) { return NumberOf(value, &polynomial_numbers_, &polynomials_); }

Columns Algebra::Make(const Factor& factor, int64_t width) { return {{{{{Number(factor)}, 1.0}}, width}}; }

Columns Algebra::Constant(double value, int64_t width) {
  Polynomial constant;
  if (value != 0) constant[{}] = value;
  return {{std::move(constant), width}};
}

int Algebra::SliceFactor(const Factor& factor, Interval range) {
  Factor part = factor;
  if (factor.kind == Factor::kSigmoid || factor.kind == Factor::kTanh || factor.kind == Factor::kRelu)
    part.operand = Number(Slice(Polynomial(polynomial(factor.operand)), range));
  else
    part.columns = {factor.columns.begin + range.begin, factor.columns.begin + range.end};
  return Number(part);
}

Polynomial Algebra::Slice(const Polynomial& value, Interval range) {
  Polynomial result;
  for (const auto& [factors, coefficient] : value) {
    std::vector<int> parts;
    for (const int each : factors) parts.push_back(SliceFactor(Factor(factor(each)), range));
    std::sort(parts.begin(), parts.end());
    AddTerm(&result, parts, coefficient);
  }
  return result;
}

Columns Algebra::Slice(const Columns& a, Interval range) {
  if (IsScalar(a)) return {{a[0].value, range.size()}};
  Require(range.begin >= 0 && range.begin < range.end && range.end <= WidthOf(a), "columns ", range.begin, " to ",
          range.end, " of ", WidthOf(a), " are taken");
  Columns result;
  int64_t begin = 0;
  for (const Part& part : a) {
    const Interval own{std::max(range.begin - begin, int64_t{0}), std::min(range.end - begin, part.width)};
    if (own.size() == part.width)
      result.push_back(part);
    else if (own.size() > 0)
      result.push_back({Slice(part.value, own), own.size()});
    begin += part.width;
  }
  return result;
}

// Combines column by column: both are cut where one of them is.
template <class Combine>
Columns Algebra::Each(const Columns& a, const Columns& b, Combine combine) {
  if (IsScalar(a) && IsScalar(b)) return {{combine(a[0].value, b[0].value), 0}};
  const int64_t width = std::max(WidthOf(a), WidthOf(b));
  Require((IsScalar(a) || WidthOf(a) == width) && (IsScalar(b) || WidthOf(b) == width), "values of ", WidthOf(a),
          " and ", WidthOf(b), " columns are combined");
  std::vector<int64_t> cuts;
  for (const Columns* each : {&a, &b}) {
    int64_t end = 0;
    for (const Part& part : *each)
      if (part.width) cuts.push_back(end += part.width);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  Require(cuts.size() <= kMaxParts, "it puts many values side by side");
  Columns result;
  int64_t begin = 0;
  for (const int64_t end : cuts) {
    const Columns left = Slice(a, {begin, end}), right = Slice(b, {begin, end});
    result.push_back({combine(left[0].value, right[0].value), end - begin});
    begin = end;
  }
  return result;
}

Columns Algebra::Add(const Columns& a, const Columns& b, double scale) {
  return Each(a, b, [&](const Polynomial& left, const Polynomial& right) {
    Polynomial sum = left;
    for (const auto& [factors, coefficient] : right)
      if (scale != 0) AddTerm(&sum, factors, scale * coefficient);
    return sum;
  });
}

Columns Algebra::Multiply(const Columns& a, const Columns& b) {
  return Each(a, b, [](const Polynomial& left, const Polynomial& right) {
    Polynomial product;
    for (const auto& [factors, coefficient] : left)
      for (const auto& [more, times] : right) {
        std::vector<int> all;
        std::merge(factors.begin(), factors.end(), more.begin(), more.end(), std::back_inserter(all));
        AddTerm(&product, all, coefficient * times);
      }
    return product;
  });
}

Columns Algebra::Apply(Factor::Kind function, const Columns& a) {
  Columns result;
  for (const Part& part : a) {
    Require(part.width > 0, "it computes with numbers that are the same for each unit");
    const int number = Number(Factor{.kind = function, .operand = Number(part.value)});
    result.push_back({{{{number}, 1.0}}, part.width});
  }
  return result;
}

Columns Algebra::Product(const Columns& a, const std::string& name, int64_t rows, int64_t columns, View view) {
  Require(WidthOf(a) == rows, "a value of ", WidthOf(a), " columns is multiplied by '", name, "' of ", rows, " rows");
  Polynomial sum;
  int64_t begin = 0;
  for (const Part& part : a) {
    const Factor factor{.kind = Factor::kProduct,
                        .name = name,
                        .operand = Number(part.value),
                        .rows = {begin, begin + part.width},
                        .columns = {0, columns},
                        .view = view};
    AddTerm(&sum, {Number(factor)}, 1);
    begin += part.width;
  }
  return {{std::move(sum), columns}};
}

}  // namespace paddle::recurrent_cell
