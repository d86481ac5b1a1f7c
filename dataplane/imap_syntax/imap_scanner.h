// Reads a command's text from its beginning to its end. Whatever takes something gives false, and
// takes nothing that could be taken otherwise, where it is not there; the first failure's reason
// stays in error().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/imap_syntax/command_text.h"
#include "dataplane/imap_syntax/imap_characters.h"
#include "dataplane/imap_syntax/syntax_error.h"

namespace gatepost::dataplane {

class ImapScanner {
  public:
    // The text outlives the scanner. `position` is one that position() gave.
    explicit ImapScanner(const CommandText& text, size_t position = 0);

    size_t position() const { return at_; }
    bool at_end() const { return at_ == octets_.size(); }
    // '\0' at the end.
    char peek() const { return at_end() ? '\0' : octets_[at_]; }

    // Without an error where it is not there.
    bool take(char c);
    bool take_keyword(std::string_view name);  // an atom, in any case
    // As many characters of the kind as there are, maybe none.
    std::string_view take_while(ImapCharacter kind);

    // With an error where it is not there. RFC 9051 §9 has one space everywhere; more, and some at
    // the end, are taken from clients that put strings together carelessly.
    bool space();
    bool expect(char c);
    bool end();
    bool atom(std::string_view& out);
    bool number(uint32_t& out);                               // also 0
    bool nz_number(uint32_t& out);                            // not 0
    bool number64(uint64_t& out);                             // up to 63 bits
    bool string(std::string& out);                            // quoted, or a literal without NUL
    bool astring(std::string& out);                           // or an atom, with "]"
    bool list_mailbox(std::string& out);                      // or an atom with wildcards
    bool nstring(std::optional<std::string>& out);            // NIL: nullopt
    bool nstring_or_binary(std::optional<std::string>& out);  // or a literal8

    // At the literal that the text ends with and that is not in it (CommandText::announced()).
    bool at_announced_literal() const;
    // Why something failed: a string was wanted there.
    bool needs_literal() const { return needs_literal_; }
    bool failed() const { return failed_; }

    // Remembers the first error, BAD or NO with a response code; false always. The texts are for
    // people; the former gets its place in the command.
    bool fail(std::string_view text);
    bool refuse(std::string_view code, std::string_view text);
    SyntaxError error(std::string_view tag) const;

  private:
    bool digits(uint64_t max, uint64_t& out);
    bool quoted(std::string& out);
    bool literal(std::string& out, bool binary_allowed);
    bool at_literal() const { return peek() == '{' || peek() == '~'; }

    const CommandText& text_;
    std::string_view octets_;
    size_t at_;
    size_t next_literal_ = 0;
    bool needs_literal_ = false;
    bool failed_ = false;
    SyntaxError error_;
};

}  // namespace gatepost::dataplane
