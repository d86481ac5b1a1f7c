// A command as it is sent: in pieces, where a literal has to be asked for (RFC 9051 §4.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::tools {

class CommandText {
  public:
    // What stands in a command as it is: words, blanks, parentheses.
    explicit CommandText(std::string_view words = {}) { pieces_.emplace_back(words); }
    CommandText& words(std::string_view text);
    // In quotes, or as a literal where it cannot be.
    CommandText& string(std::string_view text);

    // Each but the last ends with "{5}" and a CR LF; the next is what is sent once the server has
    // asked for it.
    const std::vector<std::string>& pieces() const { return pieces_; }

  private:
    std::vector<std::string> pieces_;
};

}  // namespace gatepost::tools
