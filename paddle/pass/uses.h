#pragma once
// Which ops of block 0 use a variable.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "paddle/program/program.h"

namespace paddle {

// Ops are counted with all that the blocks in them name.
class Uses {
 public:
  // `outside`: the names that are fed or fetched.
  Uses(const ProgramDesc& program, const std::vector<std::string>& outside);

  // The ops that read or write the variable, by number, in order.
  const std::set<size_t>& Of(const std::string& name) const;
  // Whether those are all ops that use it; it is not persistable, fed or fetched.
  bool Only(const std::string& name, const std::set<size_t>& ops) const;
  // Whether the variable is fed, fetched or persistable.
  bool Outside(const std::string& name) const;
  // The only op that writes the variable. Throws InvalidArgument if there are others, or none.
  size_t Writer(const std::string& name) const;
  // The same where it is not fed, fetched or persistable; null: there is none such.
  const OpDesc* OnlyWriter(const std::string& name) const;
  // The last op before number `at` that writes the variable; `at`: there is none.
  size_t LastWriter(const std::string& name, size_t at) const;
  // Whether an op with a number in [begin, end) writes, or uses, the variable.
  bool WrittenIn(const std::string& name, size_t begin, size_t end) const;
  bool UsedIn(const std::string& name, size_t begin, size_t end) const;

 private:
  struct Users {
    std::set<size_t> all, writers;
  };
  void AddBlock(const ProgramDesc& program, int block, size_t at);
  const Users& Find(const std::string& name) const;

  const BlockDesc& block_;
  std::set<std::string> outside_;
  std::map<std::string, Users> users_;
};

}  // namespace paddle
