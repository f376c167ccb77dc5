#include "paddle/io/model.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "paddle/tensor/stream.h"

namespace paddle {

std::shared_ptr<ProgramDesc> LoadProgram(const std::string& path) {
  const std::string bytes = ReadFile(path);
  try {
    return ProgramDesc::Parse(bytes);
  } catch (const std::exception& error) {
    RethrowWithContext(error, StrCat("\n  in file '", path, "'"));
  }
}

void SaveProgram(const ProgramDesc& program, const std::string& path) { WriteFile(path, program.Serialize()); }

std::vector<std::string> PersistableNames(const ProgramDesc& program) {
  std::vector<std::string> names;
  for (const auto& var : program.block(0).vars()) {
    const VarKind kind = var->kind();
    if (var->persistable() && (kind == VarKind::kTensor || kind == VarKind::kSelectedRows))
      names.push_back(var->name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

// The file of a variable. The name comes from an untrusted program: it must stay in the folder.
std::string PathOf(const std::string& folder, const std::string& name) {
  const std::filesystem::path part(name);
  const bool inside =
      part.is_relative() && std::none_of(part.begin(), part.end(), [](const auto& step) { return step == ".."; });
  Require(inside && name.find('\0') == std::string::npos, "variable '", name,
          "' cannot have a file of its name: it would be outside of the folder");
  return (std::filesystem::path(folder) / part).string();
}

VarKind KindOf(const ProgramDesc& program, const std::string& name) { return program.block(0).FindVar(name)->kind(); }

Variable ReadVariable(VarKind kind, ByteSource* source) {
  Variable variable;
  if (kind == VarKind::kSelectedRows)
    variable.Become<SelectedRows>() = ReadSelectedRows(source);
  else
    variable.get<Tensor>() = ReadLodTensor(source);
  return variable;
}

// What was read must be what the program describes: kernels trust the shapes that inference saw.
void CheckFits(const VarDesc& var, const Variable& read) {
  const TensorMeta wanted = var.Meta();
  const TensorMeta& got = read.meta();
  Require(wanted.dtype == got.dtype && DimsAgree(wanted.dims, got.dims), "the file has ", got.dtype, got.dims,
          " for variable '", var.name(), "', but the program describes it as ", wanted.dtype, wanted.dims);
}

void Put(std::map<std::string, Variable>&& read, Scope* scope) {
  for (auto& [name, value] : read) {
    Variable& variable = scope->Var(name);
    const bool same_kind = variable.kind() == value.kind();
    variable = std::move(value);
    if (!same_kind) scope->MarkChanged();
  }
}

void CheckEnd(const ByteSource& source) {
  Require(source.remaining() == 0, source.name(), " has ", source.remaining(),
          " bytes more than the program's parameters take; does it belong to another program?");
}

}  // namespace

void LoadPersistables(const ProgramDesc& program, ByteSource* combined, Scope* scope) {
  std::map<std::string, Variable> read;
  for (const auto& name : PersistableNames(program)) {
    try {
      Require(KindOf(program, name) == VarKind::kTensor, "SelectedRows cannot be in a combined file");
      read[name] = ReadVariable(VarKind::kTensor, combined);
      CheckFits(*program.block(0).FindVar(name), read[name]);
    } catch (const std::exception& error) {
      RethrowWithContext(error, StrCat("\n  while variable '", name, "' was loaded from ", combined->name()));
    }
  }
  CheckEnd(*combined);
  Put(std::move(read), scope);
}

void LoadPersistables(const ProgramDesc& program, const std::string& folder, const std::string& file_name,
                      Scope* scope) {
  if (!file_name.empty()) {
    FileSource source((std::filesystem::path(folder) / file_name).string());
    return LoadPersistables(program, &source, scope);
  }
  std::map<std::string, Variable> read;
  for (const auto& name : PersistableNames(program)) {
    try {
      FileSource source(PathOf(folder, name));
      read[name] = ReadVariable(KindOf(program, name), &source);
      CheckFits(*program.block(0).FindVar(name), read[name]);
      CheckEnd(source);
    } catch (const std::exception& error) {
      RethrowWithContext(error, StrCat("\n  while variable '", name, "' was loaded"));
    }
  }
  Put(std::move(read), scope);
}

void SavePersistables(const ProgramDesc& program, const std::string& folder, const std::string& file_name,
                      Scope* scope) {
  const auto write = [&](const std::string& name, ByteSink* sink) {
    const Variable* variable = scope->Find(name);
    Require(variable && variable->initialized(), "variable '", name,
            "' holds no value to save; run the startup program first");
    if (variable->holds<SelectedRows>())
      WriteSelectedRows(variable->get<SelectedRows>(), sink);
    else
      WriteLodTensor(variable->get<Tensor>(), sink);
  };
  const auto names = PersistableNames(program);
  if (file_name.empty()) {
    for (const auto& name : names) {
      FileSink sink(PathOf(folder, name));
      write(name, &sink);
      sink.Commit();
    }
    return;
  }
  FileSink sink((std::filesystem::path(folder) / file_name).string());
  for (const auto& name : names) {
    Require(KindOf(program, name) == VarKind::kTensor, "variable '", name,
            "' holds SelectedRows, which cannot be in a combined file");
    write(name, &sink);
  }
  sink.Commit();
}

namespace {

std::vector<std::string> NamesByCol(const ProgramDesc& program, std::string_view type, bool output) {
  std::map<int, std::string> by_col;
  for (const auto& op : program.block(0).ops()) {
    if (op->type() != type) continue;
    const auto& names = output ? op->Output("Out") : op->Input("X");
    Require(names.size() == 1, "a ", type, " op of the program has ", names.size(), " variables; expected one");
    const int col = op->AttrOr<int32_t>("col", 0);
    Require(by_col.emplace(col, names[0]).second, "two ", type, " ops of the program have the column ", col);
  }
  std::vector<std::string> names;
  for (auto& [col, name] : by_col) names.push_back(std::move(name));
  return names;
}

}  // namespace

std::vector<std::string> FeedNames(const ProgramDesc& program) { return NamesByCol(program, "feed", true); }
std::vector<std::string> FetchNames(const ProgramDesc& program) { return NamesByCol(program, "fetch", false); }

}  // namespace paddle
