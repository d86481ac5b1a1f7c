// The key file.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "storage/base/unique_fd.h"
#include "storage/secret/sealed.h"

namespace gatepost::storage {

namespace {

constexpr size_t kFileMax = 64 * 1024;  // octets
constexpr std::string_view kBlank = " \t\r";

// Wipes what it held.
struct Wiped {
    explicit Wiped(size_t size) : text(size, '\0') {}
    ~Wiped() { ::explicit_bzero(text.data(), text.size()); }
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;

    std::string text;
};

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

template <size_t N>
bool read_hex(std::string_view text, std::array<uint8_t, N>& out) {
    if (text.size() != 2 * N) return false;
    for (size_t i = 0; i < N; ++i) {
        const int high = hex_digit(text[2 * i]);
        const int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return true;
}

std::string_view trim(std::string_view text) {
    const size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

Result<KeyRing> KeyRing::parse(std::string_view text) {
    KeyRing ring;
    for (size_t line = 1; !text.empty(); ++line) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view content = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (content.empty() || content.front() == '#') continue;
        const size_t gap = std::min(content.find_first_of(kBlank), content.size());
        SealingKey key;
        // The line itself is not told: it may hold most of a key.
        if (!read_hex(content.substr(0, gap), key.id) ||
            !read_hex(trim(content.substr(gap)), key.key))
            return fail(ErrorCode::invalid,
                        "line {} of the key file is not ID KEY in hexadecimal, {} and {} digits",
                        line, 2 * key.id.size(), 2 * key.key.size());
        if (ring.find(key.id) != nullptr)
            return fail(ErrorCode::invalid,
                        "line {} of the key file has the identity of a key before it", line);
        ring.keys_.push_back(key);
    }
    if (ring.empty())
        return fail(ErrorCode::invalid,
                    "the key file has no key: nothing can be sealed or opened; put it back from "
                    "its backup");
    return ring;
}

Result<KeyRing> KeyRing::load(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd)
        return fail(errno == EACCES ? ErrorCode::permission : ErrorCode::refused,
                    "opening the key file '{}': {}", path, std::strerror(errno));
    struct stat about {};
    if (::fstat(fd.get(), &about) != 0)
        return fail(ErrorCode::refused, "looking at the key file '{}': {}", path,
                    std::strerror(errno));
    if (!S_ISREG(about.st_mode) || about.st_size > static_cast<off_t>(kFileMax))
        return fail(ErrorCode::invalid, "'{}' is not a key file", path);
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::permission,
                    "the key file '{}' has mode {:o}: others than its owner must not read it; run "
                    "chmod 600 on it",
                    path, about.st_mode & 07777);
    Wiped content(kFileMax);
    size_t length = 0;
    while (length < content.text.size()) {
        const ssize_t got =
            ::read(fd.get(), content.text.data() + length, content.text.size() - length);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return fail(ErrorCode::refused, "reading the key file '{}': {}", path,
                        std::strerror(errno));
        length += static_cast<size_t>(got);
    }
    auto ring = parse({content.text.data(), length});
    if (!ring) return wrap(fmt::format("the key file '{}'", path), ring.error());
    return ring;
}

const SealingKey* KeyRing::find(const SealingKeyId& id) const {
    for (const SealingKey& key : keys_)
        if (key.id == id) return &key;
    return nullptr;
}

}  // namespace gatepost::storage
