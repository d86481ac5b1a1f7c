// Text of any charset as UTF-8.
#pragma once

#include <iconv.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::dataplane {

// US-ASCII, UTF-8, ISO-8859-1, ISO-8859-15 and Windows-1252 are built in. The others are
// iconv(3)'s, which opens files and maps code: open_all() belongs to the start of a process, before
// its system-call filter. One object for each thread.
class Charsets {
  public:
    // The built-in ones.
    Charsets() = default;
    // And those of mail in use, as far as the C library has them: 1.3 MiB for all of them.
    static Charsets open_all();

    // Appends `octets`. What is not of that charset, or of a charset not known here, comes out as
    // it is where it is valid UTF-8, and as U+FFFD otherwise: the result is valid UTF-8 always.
    void append_utf8(std::string_view charset, std::string_view octets, std::string& out) const;
    // Whether it can be converted: UTF-8 and US-ASCII as well. The name in any case.
    bool knows(std::string_view charset) const;

  private:
    struct Close {
        void operator()(void* converter) const { ::iconv_close(converter); }
    };
    struct Converter {
        std::string_view name;
        std::unique_ptr<void, Close> handle;
    };
    void convert(iconv_t converter, std::string_view octets, std::string& out) const;

    std::vector<Converter> converters_;
};

// Octets of the UTF-8 sequence that `text` begins with; 0: it begins with none (RFC 3629 §4).
size_t utf8_sequence_length(std::string_view text);
// Appends a code point; one that is none becomes U+FFFD.
void append_code_point(uint32_t code_point, std::string& out);

}  // namespace gatepost::dataplane
