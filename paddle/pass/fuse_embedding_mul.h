#pragma once
// Multiplies each different row of an embedding once, however often its id occurs in a batch.

#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Replaces lookup_table (or lookup_table_v2) and the mul that alone reads what it gives, and their gradient ops, by
// fused_embedding_mul, in all blocks; in programs of mixed precision also the casts to bfloat16 and back that lie
// between them. The sums are the same, in another order; those of bfloat16 are rounded for each different row, not for
// each row. `kept`: names that must stay as they are: fed or fetched. Returns the names of the embeddings' tables.
std::vector<std::string> FuseEmbeddingMul(ProgramDesc* program, const std::vector<std::string>& kept);

}  // namespace paddle
