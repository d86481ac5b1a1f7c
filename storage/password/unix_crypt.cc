#include "storage/password/unix_crypt.h"

#include <crypt.h>
#include <string.h>  // explicit_bzero

#include <cstring>
#include <memory>

#include "storage/password/number_text.h"
#include "storage/password/random.h"

namespace gatepost::storage {

namespace {

constexpr size_t kSettingSaltOctets = 16;  // of randomness, the most that a method takes
constexpr size_t kDesLength = 13;          // characters of a traditional hash
constexpr uint32_t kScryptLog2Max = 40;    // beyond all limits, and products stay within 64 bits

// A digit of crypt(3)'s own base64, "./0-9A-Za-z". -1: none.
int crypt_digit(char c) {
    if (c == '.' || c == '/') return c - '.';
    if (c >= '0' && c <= '9') return c - '0' + 2;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 12;
    if (c >= 'a' && c <= 'z') return c - 'a' + 38;
    return -1;
}

CryptCost compare(uint64_t cost, uint64_t limit) {
    return cost <= limit ? CryptCost::within : CryptCost::beyond;
}

// Of a number in decimal digits that `end` ends.
CryptCost decimal_cost(std::string_view text, char end, uint64_t limit) {
    if (text.find(end) == std::string_view::npos) return CryptCost::malformed;
    const auto number = decimal_number<uint64_t>(take_field(text, end));
    return number ? compare(*number, limit) : CryptCost::malformed;
}

// $5$ and $6$: "rounds=20000$" may stand before the salt.
CryptCost sha_crypt_cost(std::string_view text, const CostLimits& limits) {
    constexpr std::string_view kRounds = "rounds=";
    if (!text.starts_with(kRounds)) return CryptCost::within;
    return decimal_cost(text.substr(kRounds.size()), '$', limits.sha_crypt_rounds);
}

// The numbers in crypt(3)'s base64, least digit first.
std::optional<uint64_t> fixed_number(std::string_view& text, size_t digits) {
    if (text.size() < digits) return std::nullopt;
    uint64_t number = 0;
    for (size_t i = 0; i < digits; ++i) {
        const int digit = crypt_digit(text[i]);
        if (digit < 0) return std::nullopt;
        number |= uint64_t(digit) << (6 * i);
    }
    text.remove_prefix(digits);
    return number;
}

// yescrypt's numbers, which are longer the larger they are: its first digit tells how many follow.
std::optional<uint64_t> yescrypt_number(std::string_view& text, uint64_t least) {
    auto next = [&text]() {
        const int digit = text.empty() ? -1 : crypt_digit(text.front());
        if (digit >= 0) text.remove_prefix(1);
        return digit;
    };
    const int first = next();
    if (first < 0) return std::nullopt;
    uint64_t number = least;
    uint64_t start = 0, end = 47;
    unsigned bits = 0;
    while (uint64_t(first) > end) {
        number += (end + 1 - start) << bits;
        start = end + 1;
        end = start + (62 - end) / 2;
        bits += 6;
    }
    number += (uint64_t(first) - start) << bits;
    while (bits != 0) {
        const int digit = next();
        if (digit < 0) return std::nullopt;
        bits -= 6;
        number += uint64_t(digit) << bits;
    }
    return number;
}

CryptCost scrypt_memory(uint64_t log2_n, uint64_t r, uint64_t p, const CostLimits& limits) {
    constexpr uint64_t kBlock = 128;  // octets, for each of r
    constexpr uint64_t kFactorMax = 1 << 20;
    if (log2_n > kScryptLog2Max || r > kFactorMax || p > kFactorMax) return CryptCost::beyond;
    // Memory for p lanes is taken in turn, time for all of them: one limit is enough for both.
    const uint64_t lanes = kBlock * r * p;
    return lanes <= limits.scrypt_memory_octets >> log2_n ? CryptCost::within : CryptCost::beyond;
}

CryptCost scrypt_cost(std::string_view text, const CostLimits& limits) {
    const auto log2_n = fixed_number(text, 1), r = fixed_number(text, 5), p = fixed_number(text, 5);
    if (!log2_n || !r || !p) return CryptCost::malformed;
    return scrypt_memory(*log2_n, *r, *p, limits);
}

CryptCost yescrypt_cost(std::string_view text, const CostLimits& limits) {
    const auto flavor = yescrypt_number(text, 0), log2_n = yescrypt_number(text, 1),
               r = yescrypt_number(text, 1);
    if (!flavor || !log2_n || !r) return CryptCost::malformed;
    // More parameters (parallelism, time, upgrades, ROM) are made by nobody's crypt_gensalt(3).
    if (!text.starts_with('$')) return CryptCost::beyond;
    return scrypt_memory(*log2_n, *r, 1, limits);
}

// "$2b$12$"
CryptCost bcrypt_cost(std::string_view text, const CostLimits& limits) {
    if (text.size() < 5 || text[1] != '$') return CryptCost::malformed;
    return decimal_cost(text.substr(2), '$', limits.bcrypt_cost);
}

// "$md5$salt$…", "$md5,rounds=904$salt$…"
CryptCost sun_md5_cost(std::string_view text, const CostLimits& limits) {
    constexpr std::string_view kRounds = ",rounds=";
    if (!text.starts_with(kRounds)) return CryptCost::within;
    return decimal_cost(text.substr(kRounds.size()), '$', limits.other_crypt_rounds);
}

}  // namespace

CryptCost crypt_cost(std::string_view setting, const CostLimits& limits) {
    if (setting.size() >= CRYPT_OUTPUT_SIZE || setting.find('\0') != std::string_view::npos)
        return CryptCost::malformed;
    auto after = [&setting](std::string_view prefix) { return setting.substr(prefix.size()); };
    if (setting.starts_with("$1$") || setting.starts_with("$3$")) return CryptCost::within;
    if (setting.starts_with("$2")) return bcrypt_cost(after("$2"), limits);
    if (setting.starts_with("$5$") || setting.starts_with("$6$"))
        return sha_crypt_cost(after("$6$"), limits);
    if (setting.starts_with("$y$")) return yescrypt_cost(after("$y$"), limits);
    if (setting.starts_with("$gy$")) return yescrypt_cost(after("$gy$"), limits);
    if (setting.starts_with("$7$")) return scrypt_cost(after("$7$"), limits);
    if (setting.starts_with("$sha1$"))
        return decimal_cost(after("$sha1$"), '$', limits.other_crypt_rounds);
    if (setting.starts_with("$md5")) return sun_md5_cost(after("$md5"), limits);
    if (setting.starts_with('_')) {
        std::string_view text = after("_");
        const auto count = fixed_number(text, 4);
        return count ? compare(*count, limits.other_crypt_rounds) : CryptCost::malformed;
    }
    // Traditional DES. More characters are bigcrypt's, for passwords longer than 8.
    if (setting.size() < kDesLength || crypt_digit(setting[0]) < 0) return CryptCost::malformed;
    return CryptCost::within;
}

std::optional<std::string> compute_crypt(std::string_view password, std::string_view setting) {
    if (password.size() >= CRYPT_MAX_PASSPHRASE_SIZE || setting.size() >= CRYPT_OUTPUT_SIZE ||
        password.find('\0') != std::string_view::npos ||
        setting.find('\0') != std::string_view::npos)
        return std::nullopt;
    const auto data = std::make_unique<crypt_data>();  // all zero, as crypt_rn wants it
    std::memcpy(data->input, password.data(), password.size());
    std::memcpy(data->setting, setting.data(), setting.size());
    const char* hash = ::crypt_rn(data->input, data->setting, data.get(), sizeof *data);
    std::optional<std::string> result;
    if (hash != nullptr) result = hash;
    ::explicit_bzero(data.get(), sizeof *data);
    return result;
}

std::optional<std::string> new_crypt_setting(const char* prefix, unsigned long cost) {
    const auto random = random_octets(kSettingSaltOctets);
    if (!random) return std::nullopt;
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    if (::crypt_gensalt_rn(prefix, cost, random->data(), static_cast<int>(random->size()), setting,
                           sizeof setting) == nullptr)
        return std::nullopt;
    return setting;
}

}  // namespace gatepost::storage
