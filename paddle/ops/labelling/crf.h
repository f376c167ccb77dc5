#pragma once
// What linear_chain_crf and crf_decoding share.

#include "paddle/ops/labelling/ranges.h"

namespace paddle {

inline constexpr std::string_view kEmissionDoc =
    "Scores of the tags of each token: LoDTensor [tokens, tags], whose last LoD level groups the tokens into "
    "sequences; "
    "with Length [sequences, size, tags].";
inline constexpr std::string_view kTransitionDoc =
    "[tags + 2, tags]: row 0 scores the first tag of a sequence, row 1 the last; row 2 + i the tags behind tag i.";
inline constexpr std::string_view kCrfLengthDoc =
    "Lengths of padded sequences, [sequences] or [sequences, 1], int64 or int32.";

// Emission, Transition, and Label and Length where they are there.
inline void CheckCrfInputs(const InferContext& context) {
  const bool padded = context.Has("Length");
  context.CheckDType("Emission", kFloats);
  context.CheckSameDType("Emission", "Transition");
  context.CheckRank("Emission", padded ? 3 : 2, padded ? 3 : 2);
  const Dims &emission = context.In("Emission").dims, &transition = context.In("Transition").dims;
  const int axis = emission.rank() - 1;
  const int64_t tags = emission[axis];
  Require(tags != 0, "Emission has shape ", emission, "; expected at least one tag");
  Require(DimsAgree(transition, {tags < 0 ? -1 : tags + 2, tags}), "Transition has shape ", transition,
          "; expected [tags + 2, tags], with the tags of Emission ", emission);
  if (padded)
    CheckLengths(context, "Length", emission[0]);
  else if (!context.building())
    RequireLod(context, "Emission");
  if (!context.Has("Label")) return;
  CheckTokens(context, "Label", emission.Slice(0, axis));
  if (!padded && !context.building()) CheckSameSequences(context, "Emission", "Label");
}

}  // namespace paddle
