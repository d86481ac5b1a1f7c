// The text of a response as it is put together: into a room of its own, from where it goes to the
// caller's string in few, large steps.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dataplane {

class ResponseText {
  public:
    // `utf8`: quoted strings may be UTF-8 (RFC 9051 §4.3, RFC 6855 §3). Appends to `out`, which
    // outlives it; what was added is there after flush() or the end.
    ResponseText(std::string& out, bool utf8) : out_(out), utf8_(utf8) {}
    ~ResponseText() { flush(); }
    ResponseText(const ResponseText&) = delete;
    ResponseText& operator=(const ResponseText&) = delete;

    void add(char c) {
        if (size_ == kRoomOctets) flush();
        room_[size_++] = c;
    }
    void add(std::string_view text) {
        if (text.size() > kRoomOctets - size_) [[unlikely]]
            return add_long(text);
        std::memcpy(room_ + size_, text.data(), text.size());
        size_ += text.size();
    }
    void number(uint64_t value);
    // RFC 9051 §9 string: quoted where it can be, else a literal.
    void string(std::string_view text);
    // RFC 9051 §9 nstring.
    void nstring(const std::optional<std::string_view>& text) {
        if (text) return string(*text);
        add("NIL");
    }
    // NIL where it is empty.
    void string_or_nil(std::string_view text) {
        if (!text.empty()) return string(text);
        add("NIL");
    }
    // RFC 9051 §9 date-time, in UTC, with its quotes.
    void date_time(int64_t unix_s);
    void flush() {
        out_.append(room_, size_);
        size_ = 0;
    }

  private:
    // Most responses without a body.
    static constexpr size_t kRoomOctets = 1024;

    void add_long(std::string_view text);
    bool add_plain_string(std::string_view text);
    void literal(std::string_view text);

    std::string& out_;
    size_t size_ = 0;
    bool utf8_;
    char room_[kRoomOctets];
};

// RFC 9051 §9: a literal takes every octet but NUL, and a message may have them. They become this
// octet, which is no text in any charset: sizes and offsets stay as they are. BINARY gives NULs.
inline constexpr char kNulReplacement = static_cast<char>(0x80);
void replace_nuls(char* octets, size_t size);

}  // namespace gatepost::dataplane
