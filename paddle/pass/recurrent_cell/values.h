#pragma once
// What the ops of one step of a recurrence compute, as polynomials: sums of products of a few kinds of factors. Equal
// values have equal polynomials however they are written, so that cells can be recognised.

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace paddle::recurrent_cell {

// Rows or columns [begin, end) of a matrix.
struct Interval {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  auto operator<=>(const Interval&) const = default;
};

// What of a variable is a matrix: itself, or one of the two that lie one behind the other in the weight of gru_unit,
// [units, 2 units] and [units, units].
enum class View { kAll, kGates, kCandidate };

// A factor: a row vector for each sequence. Numbers stand for polynomials and factors in the tables of Algebra.
struct Factor {
  enum Kind {
    kStep,     // columns of step input `index`
    kState,    // columns of the state before the step
    kBias,     // columns of the outer variable `name`, the same for each sequence
    kProduct,  // polynomial `operand` times the part of matrix `name`, or of a view of it
    kSigmoid,  // of polynomial `operand`, as are the next two
    kTanh,
    kRelu,
  };
  Kind kind = kStep;
  int index = -1;
  std::string name = {};
  int operand = -1;
  Interval rows = {}, columns = {};
  View view = View::kAll;
  auto operator<=>(const Factor&) const = default;
};

// From products of factors, by their numbers in order, to coefficients, none of them 0. No factor at all: a constant.
using Polynomial = std::map<std::vector<int>, double>;

// What a variable of the step holds: polynomials side by side. A single one of width 0 is the same in each column.
struct Part {
  Polynomial value;
  int64_t width = 0;
};
using Columns = std::vector<Part>;

// The tables, and arithmetic. Throws InvalidArgument where widths do not fit, or values become larger than those of
// any cell.
class Algebra {
 public:
  int Number(const Factor& factor);
  int Number(const Polynomial& value);
  const Factor& factor(int number) const { return factors_.at(number); }
  const Polynomial& polynomial(int number) const { return polynomials_.at(number); }

  Columns Make(const Factor& factor, int64_t width);
  static Columns Constant(double value, int64_t width = 0);
  // a + scale * b
  Columns Add(const Columns& a, const Columns& b, double scale = 1);
  Columns Multiply(const Columns& a, const Columns& b);
  Columns Apply(Factor::Kind function, const Columns& a);
  // a times the matrix `name` of rows x columns.
  Columns Product(const Columns& a, const std::string& name, int64_t rows, int64_t columns, View view = View::kAll);
  Columns Slice(const Columns& a, Interval range);

 private:
  Polynomial Slice(const Polynomial& value, Interval range);
  int SliceFactor(const Factor& factor, Interval range);
  template <class Combine>
  Columns Each(const Columns& a, const Columns& b, Combine combine);

  std::map<Factor, int> factor_numbers_;
  std::vector<Factor> factors_;
  std::vector<int> depths_;  // of functions in functions, one a factor
  std::map<Polynomial, int> polynomial_numbers_;
  std::vector<Polynomial> polynomials_;
};

int64_t WidthOf(const Columns& columns);

}  // namespace paddle::recurrent_cell
