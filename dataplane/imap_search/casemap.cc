#include "dataplane/imap_search/casemap.h"

#include <unicase.h>
#include <uninorm.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "dataplane/mail/charset.h"
#include "storage/base/ascii.h"

namespace gatepost::dataplane {
namespace {

// Octets of a character decomposed that are kept in a table; few take more (ligatures of Arabic),
// and those are worked out each time.
constexpr size_t kKeptOctetsMax = 7;
constexpr uint8_t kNotKept = 0xff;
constexpr uint8_t kUnknown = 0xfe;
// Decompositions go through some four levels in the Unicode tables.
constexpr int kDecompositionDepthMax = 16;

struct Mapping {
    uint8_t size = kUnknown;
    char octets[kKeptOctetsMax];
};
// 256 code points, filled in one after the other as they are met: all of the basic plane would take
// half a mebibyte for each thread, mail in use needs a few of them.
using Page = std::array<Mapping, 256>;
constexpr uint32_t kBasicPlaneEnd = 0x10000;

// RFC 5051 §2: titlecase, then decomposition, of what comes out of it again.
void append_mapped(uint32_t code_point, int depth, std::string& out) {
    const ucs4_t title = ::uc_totitle(code_point);
    int tag = 0;
    ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
    const int count = depth < kDecompositionDepthMax ? ::uc_decomposition(title, &tag, parts) : -1;
    if (count < 0) return append_code_point(title, out);
    for (int i = 0; i < count; ++i) append_mapped(parts[i], depth + 1, out);
}

// Of a sequence that utf8_sequence_length() has measured.
uint32_t decode(const char* at, size_t length) {
    auto octet = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(at[i])); };
    if (length == 2) return (octet(0) & 0x1f) << 6 | (octet(1) & 0x3f);
    if (length == 3) return (octet(0) & 0x0f) << 12 | (octet(1) & 0x3f) << 6 | (octet(2) & 0x3f);
    return (octet(0) & 0x07) << 18 | (octet(1) & 0x3f) << 12 | (octet(2) & 0x3f) << 6 |
           (octet(3) & 0x3f);
}

class MappingTable {
  public:
    // nullptr: it is to be worked out.
    const Mapping* find(uint32_t code_point) {
        if (code_point >= kBasicPlaneEnd) return nullptr;
        auto& page = pages_[code_point / 256];
        if (!page) page = std::make_unique<Page>();
        Mapping& mapping = (*page)[code_point % 256];
        if (mapping.size == kUnknown) fill(code_point, mapping);
        return mapping.size == kNotKept ? nullptr : &mapping;
    }

  private:
    static void fill(uint32_t code_point, Mapping& mapping) {
        std::string mapped;
        append_mapped(code_point, 0, mapped);
        mapping.size =
            mapped.size() <= kKeptOctetsMax ? static_cast<uint8_t>(mapped.size()) : kNotKept;
        if (mapping.size != kNotKept) std::memcpy(mapping.octets, mapped.data(), mapped.size());
    }

    std::array<std::unique_ptr<Page>, kBasicPlaneEnd / 256> pages_;
};

// Room in front of a string: what is written octet by octet goes there first.
class Gathered {
  public:
    explicit Gathered(std::string& out) : out_(out) {}
    ~Gathered() { flush(); }
    Gathered(const Gathered&) = delete;
    Gathered& operator=(const Gathered&) = delete;

    void put(const Mapping& mapping) {
        make_room();
        std::memcpy(room_ + size_, mapping.octets, kKeptOctetsMax);
        size_ += mapping.size;
    }
    void put(char c) {
        make_room();
        room_[size_++] = c;
    }
    void flush() {
        out_.append(room_, size_);
        size_ = 0;
    }

  private:
    void make_room() {
        if (size_ + kKeptOctetsMax > sizeof room_) flush();
    }

    std::string& out_;
    size_t size_ = 0;
    char room_[1024];
};

bool is_high(char c) {
    return static_cast<uint8_t>(c) >= 0x80;
}

}  // namespace

void append_casemapped(std::string_view text, std::string& out) {
    thread_local MappingTable table;
    if (is_ascii(text)) {
        out += text;
        return;
    }
    out.reserve(out.size() + text.size());
    Gathered gathered(out);
    for (size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (!is_high(c)) {
            gathered.put(c);
            ++at;
            continue;
        }
        const size_t length = utf8_sequence_length(text.substr(at));
        if (length == 0) {
            gathered.put(c);
            ++at;
            continue;
        }
        const uint32_t code_point = decode(text.data() + at, length);
        at += length;
        if (const Mapping* mapping = table.find(code_point)) {
            gathered.put(*mapping);
        } else {
            gathered.flush();
            append_mapped(code_point, 0, out);
        }
    }
}

std::string collation_key(std::string_view text) {
    std::string key;
    key.reserve(text.size());
    append_casemapped(text, key);
    for (char& c : key) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c & ~0x20);
    }
    return key;
}

}  // namespace gatepost::dataplane
