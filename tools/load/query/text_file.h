// The small text files that a run is described by: a line is a few words.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/error.h"
#include "storage/zone/dname.h"
#include "storage/zone/rrtype.h"

namespace gatepost::tools {

// "-" is the standard input.
Result<std::string> text_of_file(const std::string& path);

// Calls `take` with the words of each line that has some and is no comment (";" or "#" in front).
// Ends at the first error, which then begins with `name:line: `.
Status for_each_line(std::string_view text, const std::string& name,
                     const std::function<Status(const std::vector<std::string_view>&)>& take);

struct NamedType {
    storage::Dname name;
    storage::RRType type = storage::RRType::A;
};

Result<NamedType> question_from_words(std::string_view name, std::string_view type);

}  // namespace gatepost::tools
