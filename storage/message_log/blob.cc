#include "storage/message_log/blob.h"

#include <sys/random.h>

#include <bit>
#include <cerrno>

#include "storage/base/check.h"

namespace gatepost::storage {

namespace {

constexpr size_t kTextLength = 36;  // RFC 9562 §4: 8-4-4-4-12 digits
constexpr uint64_t kUuidVersion = 7;
constexpr uint64_t kVariant = uint64_t{2} << 62;  // RFC 9562 §4.1: binary 10
constexpr unsigned kCounterBits = 12;             // of rand_a, behind time and version
constexpr uint64_t kCounterMax = (1 << kCounterBits) - 1;

constexpr bool is_dash(size_t at) {
    return at == 8 || at == 13 || at == 18 || at == 23;
}

int digit_value(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
    return -1;
}

uint64_t with_version(uint64_t time_ms, uint64_t counter) {
    return time_ms << 16 | kUuidVersion << kCounterBits | counter;
}

}  // namespace

std::string BlobId::text() const {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out(kTextLength, '-');
    unsigned nibble = 0;
    for (size_t at = 0; at < kTextLength; ++at) {
        if (is_dash(at)) continue;
        const uint64_t word = nibble < 16 ? high : low;
        out[at] = kDigits[word >> (60 - 4 * (nibble % 16)) & 15];
        ++nibble;
    }
    return out;
}

std::optional<BlobId> parse_blob_id(std::string_view text) {
    if (text.size() != kTextLength) return std::nullopt;
    BlobId id;
    unsigned nibble = 0;
    for (size_t at = 0; at < kTextLength; ++at) {
        if (is_dash(at)) {
            if (text[at] != '-') return std::nullopt;
            continue;
        }
        const int value = digit_value(text[at]);
        if (value < 0) return std::nullopt;
        uint64_t& word = nibble++ < 16 ? id.high : id.low;
        word = word << 4 | static_cast<uint64_t>(value);
    }
    return id;
}

BlobIdSource::BlobIdSource() {
    ssize_t got;
    do {
        got = ::getrandom(random_, sizeof random_, 0);
    } while (got < 0 && errno == EINTR);
    // getrandom(2) gives up to 256 octets whole once the system has seeded it.
    GATEPOST_CHECK(got == sizeof random_);
    if (random_[0] == 0 && random_[1] == 0) random_[0] = 1;  // the state that never changes
}

BlobId BlobIdSource::next(int64_t now_ms) {
    // xoroshiro128++
    const uint64_t a = random_[0];
    uint64_t b = random_[1];
    const uint64_t drawn = std::rotl(a + b, 17) + a;
    b ^= a;
    random_[0] = std::rotl(a, 49) ^ b ^ b << 21;
    random_[1] = std::rotl(b, 28);

    // RFC 9562 §6.2, method 1: what follows the time is a counter, which begins low enough (its
    // first bit clear) and carries over into the time when it is used up, or when the clock stands
    // or goes back.
    const auto time_ms = static_cast<uint64_t>(now_ms) & ((uint64_t{1} << 48) - 1);
    uint64_t high = with_version(time_ms, drawn & (kCounterMax >> 1));
    if (high >> 16 <= last_high_ >> 16) {
        const uint64_t counter = last_high_ & kCounterMax;
        high = counter < kCounterMax ? last_high_ + 1 : with_version((last_high_ >> 16) + 1, 0);
    }
    last_high_ = high;
    return BlobId{high, kVariant | drawn >> 2};
}

}  // namespace gatepost::storage
