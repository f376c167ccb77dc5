#pragma once
// Errors of work that a device did after the host had gone on.

#include "paddle/base/errors.h"

namespace paddle {

// A value that a kernel found wrong, thrown by a later call that waited for the device. The text names the op that
// found it: what is at work when it is thrown has nothing to do with it.
class LateError : public InvalidArgument {
 public:
  using InvalidArgument::InvalidArgument;
  ~LateError() override;
};

}  // namespace paddle
