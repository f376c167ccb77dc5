#pragma once
#include "emulated_runtime.h"
