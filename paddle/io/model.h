#pragma once
// Programs and parameters in files, as fluid.io writes them.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "paddle/base/stream.h"
#include "paddle/program/program.h"
#include "paddle/tensor/scope.h"

namespace paddle {

// Throws NotFound when there is no such file, InvalidArgument when it is no program.
std::shared_ptr<ProgramDesc> LoadProgram(const std::string& path);
void SaveProgram(const ProgramDesc& program, const std::string& path);

// Names of the variables of block 0 that files keep: persistable ones, but feed and fetch lists, readers and raw ones;
// sorted.
std::vector<std::string> PersistableNames(const ProgramDesc& program);

// Reads those variables into the scope: each from a file of its name in `folder`, or, with `file_name`, all from that
// one file. All are read before any is changed. Names that lead out of the folder are refused.
void LoadPersistables(const ProgramDesc& program, const std::string& folder, const std::string& file_name,
                      Scope* scope);
// The same from the content of a combined file.
void LoadPersistables(const ProgramDesc& program, ByteSource* combined, Scope* scope);

// Writes those variables of the scope, in the same form.
void SavePersistables(const ProgramDesc& program, const std::string& folder, const std::string& file_name,
                      Scope* scope);

// The variables that an inference program is fed and gives, in the order of the `col` of its feed and fetch ops.
std::vector<std::string> FeedNames(const ProgramDesc& program);
std::vector<std::string> FetchNames(const ProgramDesc& program);

}  // namespace paddle
