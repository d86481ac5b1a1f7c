// The fields of a header that lies whole in memory, one after the other, by the same rules that
// the streaming parser goes by.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "dataplane/mail/header_field.h"

namespace gatepost::dataplane {

struct PlacedField {
    HeaderField field;
    std::string_view raw;  // name, colon, value, its line end
    size_t offset = 0;     // of `raw` in the header
};

class HeaderReader {
  public:
    // `header` is read up to its empty line or its end, and outlives the reader.
    explicit HeaderReader(std::string_view header) : header_(header) {}
    // nullopt: there are no more fields. Stops at the first line that can be no field.
    std::optional<PlacedField> next();

  private:
    size_t line_end(size_t from) const;
    bool is_at_mailbox_line() const;

    std::string_view header_;
    size_t at_ = 0;
};

// The value of the first field of that name, folded.
std::optional<std::string_view> find_field(std::string_view header, std::string_view name);

}  // namespace gatepost::dataplane
