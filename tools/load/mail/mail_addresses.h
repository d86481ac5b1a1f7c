// Recipients and senders of a run: a list, or a pattern with a number in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"

namespace gatepost::tools {

// `pattern` with its "%d", if it has one, replaced by the number.
std::string with_number(std::string_view pattern, uint64_t number);

class RecipientList {
  public:
    // "a@example.org,b@example.org".
    static Result<RecipientList> from_list(std::string_view text);
    // "user%d@example.org" with 1, 2, … `count`.
    static Result<RecipientList> from_pattern(std::string_view pattern, uint64_t count);

    size_t size() const { return addresses_.size(); }
    // Numbers behind the last one begin again with the first. Lives as long as the list.
    const std::string& operator[](uint64_t number) const {
        return addresses_[number % addresses_.size()];
    }

  private:
    Status add(std::string address);

    std::vector<std::string> addresses_;
};

}  // namespace gatepost::tools
