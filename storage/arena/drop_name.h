// The name of each reason for a drop, as people and programs read it.
#pragma once

#include <string_view>

#include "storage/arena/runtime_page.h"

namespace gatepost::storage {

std::string_view drop_name(Drop reason);

}  // namespace gatepost::storage
