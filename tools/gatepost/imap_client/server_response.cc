#include "tools/gatepost/imap_client/server_response.h"

#include <algorithm>
#include <charconv>

#include "dataplane/imap_syntax/response_line.h"
#include "dataplane/mail/header_field.h"

namespace gatepost::tools {

namespace {

using dataplane::equal_ignoring_case;

std::string in_capitals(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

bool is_number(std::string_view word) {
    return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// Words and values, from the front.
class Cursor {
  public:
    Cursor(std::string_view text, const std::vector<std::optional<std::string>>& literals)
        : text_(text), literals_(literals) {}

    bool at_end() const { return text_.empty(); }
    bool take(char c) {
        if (!text_.starts_with(c)) return false;
        text_.remove_prefix(1);
        return true;
    }
    std::string_view rest() const { return text_; }
    // Up to a blank or the end.
    std::string_view word() {
        const std::string_view found = text_.substr(0, text_.find(' '));
        text_.remove_prefix(found.size());
        return found;
    }

    bool value(ResponseValue& out, size_t depth);
    // "(…)" is open: up to its end.
    bool items(std::vector<ResponseValue>& out, size_t depth);
    // Values with blanks between them, up to the end of the response.
    bool all(std::vector<ResponseValue>& out);

  private:
    bool quoted(ResponseValue& out);
    bool literal(ResponseValue& out);
    bool atom(ResponseValue& out);

    std::string_view text_;
    const std::vector<std::optional<std::string>>& literals_;
    size_t literals_taken_ = 0;
};

bool Cursor::quoted(ResponseValue& out) {
    out.kind = ResponseValue::Kind::string;
    while (!text_.empty()) {
        char c = text_.front();
        text_.remove_prefix(1);
        if (c == '"') return true;
        if (c == '\r' || c == '\n') return false;
        if (c == '\\') {
            if (text_.empty()) return false;
            c = text_.front();
            text_.remove_prefix(1);
        }
        out.text += c;
    }
    return false;
}

// Behind "{": "5}" and a CR LF.
bool Cursor::literal(ResponseValue& out) {
    const size_t end = text_.find("}\r\n");
    if (end == std::string_view::npos || !is_number(text_.substr(0, end))) return false;
    if (literals_taken_ == literals_.size()) return false;
    text_.remove_prefix(end + 3);
    const std::optional<std::string>& octets = literals_[literals_taken_++];
    out.kind = octets ? ResponseValue::Kind::string : ResponseValue::Kind::body;
    if (octets) out.text = *octets;
    return true;
}

// Also what is no atom by the grammar, but stands where one does: "\Seen", "BODY[HEADER.FIELDS
// (MESSAGE-ID)]", flags with "]" in them.
bool Cursor::atom(ResponseValue& out) {
    size_t depth = 0;  // of brackets
    size_t size = 0;
    for (; size < text_.size(); ++size) {
        const char c = text_[size];
        if (c == '\r' || c == '\n') break;
        if (c == '[') ++depth;
        if (c == ']' && depth > 0) --depth;
        if (depth == 0 && (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{')) break;
    }
    if (size == 0 || depth != 0) return false;
    out.kind = ResponseValue::Kind::atom;
    out.text = text_.substr(0, size);
    text_.remove_prefix(size);
    return true;
}

bool Cursor::value(ResponseValue& out, size_t depth) {
    if (take('(')) {
        out.kind = ResponseValue::Kind::list;
        return depth < kResponseDepthMax && items(out.items, depth + 1);
    }
    if (take('"')) return quoted(out);
    if (take('{')) return literal(out);
    if (text_.starts_with("~{")) {  // RFC 3516 §4.4
        text_.remove_prefix(2);
        return literal(out);
    }
    return atom(out);
}

bool Cursor::items(std::vector<ResponseValue>& out, size_t depth) {
    for (;;) {
        // Several blanks where the grammar has one are what many servers do.
        while (take(' ')) continue;
        if (take(')')) return true;
        if (at_end() || !value(out.emplace_back(), depth)) return false;
    }
}

bool Cursor::all(std::vector<ResponseValue>& out) {
    for (;;) {
        while (take(' ')) continue;
        if (at_end()) return true;
        if (!value(out.emplace_back(), 0)) return false;
    }
}

// "[CODE] text"; a bracket that does not close is text.
void parse_status(std::string_view rest, ServerResponse& out) {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    const size_t end = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
    if (end != std::string_view::npos) {
        out.code = rest.substr(1, end - 1);
        rest.remove_prefix(end + 1);
        if (rest.starts_with(' ')) rest.remove_prefix(1);
    }
    out.text = rest;
}

// A status; false where the word is none.
bool take_status(std::string_view word, std::string_view rest, ServerResponse& out) {
    if (dataplane::response_status(word) == dataplane::ResponseStatus::none) return false;
    out.status = in_capitals(word);
    parse_status(rest, out);
    return true;
}

bool parse_data(Cursor& cursor, std::string_view word, ServerResponse& out) {
    if (is_number(word)) {
        uint32_t number = 0;
        if (std::from_chars(word.data(), word.data() + word.size(), number).ec != std::errc())
            return false;
        out.number = number;
        if (!cursor.take(' ')) return false;
        word = cursor.word();
    }
    if (word.empty()) return false;
    out.name = in_capitals(word);
    return cursor.all(out.values);
}

}  // namespace

std::string_view ResponseValue::string() const {
    if (kind == Kind::atom && equal_ignoring_case(text, "NIL")) return {};
    return text;
}

std::optional<uint64_t> ResponseValue::number() const {
    uint64_t found = 0;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, found);
    if (kind != Kind::atom || read.ec != std::errc() || read.ptr != end) return std::nullopt;
    return found;
}

std::string ServerResponse::code_name() const {
    return in_capitals(std::string_view(code).substr(0, code.find(' ')));
}

const ResponseValue* fetch_item(const ServerResponse& response, std::string_view item) {
    if (!response.is_data("FETCH") || response.values.empty()) return nullptr;
    const std::vector<ResponseValue>& items = response.values.front().items;
    for (size_t i = 0; i + 1 < items.size(); i += 2)
        if (equal_ignoring_case(items[i].text, item)) return &items[i + 1];
    return nullptr;
}

std::optional<uint32_t> fetched_uid(const ServerResponse& response) {
    const ResponseValue* value = fetch_item(response, "UID");
    const auto uid = value == nullptr ? std::nullopt : value->number();
    if (!uid || *uid == 0 || *uid > UINT32_MAX) return std::nullopt;
    return static_cast<uint32_t>(*uid);
}

std::optional<ServerResponse> parse_response(
    std::string_view text, const std::vector<std::optional<std::string>>& literals) {
    ServerResponse out;
    // RFC 9051 §7.6: the blank is there by the grammar, and some servers leave it out.
    if (text.starts_with('+')) {
        out.kind = ServerResponse::Kind::continuation;
        out.text = text.substr(std::min<size_t>(text.starts_with("+ ") ? 2 : 1, text.size()));
        return out;
    }
    Cursor cursor(text, literals);
    const std::string_view tag = cursor.word();
    if (tag.empty() || tag.size() > kResponseTagMax || !cursor.take(' ')) return std::nullopt;
    const std::string_view word = cursor.word();
    if (take_status(word, cursor.rest(), out)) {
        if (tag == "*") return out;
        out.kind = ServerResponse::Kind::tagged;
        out.tag = tag;
        return out;
    }
    if (tag != "*" || !parse_data(cursor, word, out)) return std::nullopt;
    return out;
}

}  // namespace gatepost::tools
