// The migrations that this program carries, in order: 1, 2, 3, …
#pragma once

#include <span>
#include <string_view>

namespace gatepost::controlplane {

struct Migration {
    int version = 0;
    std::string_view name;
    std::string_view sql_up;
    std::string_view sql_down;
};

std::span<const Migration> migrations();

}  // namespace gatepost::controlplane
