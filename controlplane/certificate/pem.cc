#include "controlplane/certificate/pem.h"

#include <array>
#include <optional>

namespace gatepost::controlplane {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kLineDigits = 64;  // RFC 7468 §2

constexpr std::array<int8_t, 256> make_values() {
    std::array<int8_t, 256> values{};
    for (auto& value : values) value = -1;
    for (size_t i = 0; i < kDigits.size(); ++i)
        values[static_cast<uint8_t>(kDigits[i])] = static_cast<int8_t>(i);
    return values;
}
constexpr std::array<int8_t, 256> kValues = make_values();

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

std::string_view trim(std::string_view line) {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    return line;
}

class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {
        if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
    }
    std::optional<std::string_view> next() {
        if (rest_.empty()) return std::nullopt;
        const size_t end = std::min(rest_.find('\n'), rest_.size());
        const std::string_view line = trim(rest_.substr(0, end));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        ++number_;
        return line;
    }
    size_t number() const { return number_; }  // of the line that next() gave
    size_t left() const { return rest_.size(); }

  private:
    std::string_view rest_;
    size_t number_ = 0;
};

// "CERTIFICATE" of "-----BEGIN CERTIFICATE-----".
std::optional<std::string_view> label_of(std::string_view line, std::string_view begin) {
    if (!line.starts_with(begin) || !line.ends_with(kDashes) ||
        line.size() < begin.size() + kDashes.size())
        return std::nullopt;
    return line.substr(begin.size(), line.size() - begin.size() - kDashes.size());
}

// Collects the digits of a block's lines.
class Decoder {
  public:
    explicit Decoder(size_t digits_max) : octets_(digits_max / 4 * 3 + 3) {}
    ~Decoder() { ::explicit_bzero(&group_, sizeof group_); }

    // False where the line is not base64 (RFC 4648 §4).
    bool add(std::string_view line) {
        for (const char c : line) {
            if (is_blank(c)) continue;
            if (c == '=') {
                if (++padding_ > 2) return false;
                continue;
            }
            const int8_t value = kValues[static_cast<uint8_t>(c)];
            if (value < 0 || padding_ > 0) return false;
            group_ = group_ << 6 | static_cast<uint32_t>(value);
            if (++digits_ % 4 == 0) put(3);
        }
        return true;
    }
    // Nothing where digits are missing at the end, or bits are set that stand for nothing.
    std::optional<SecretBytes> finish() {
        const size_t open = digits_ % 4;
        if (open == 1 || (open + padding_) % 4 != 0) return std::nullopt;
        if (open != 0) {
            const uint32_t unused = open == 2 ? 0xf : 0x3;
            if ((group_ & unused) != 0) return std::nullopt;
            group_ <<= 6 * (4 - open);
            put(open - 1);
        }
        octets_.shrink(size_);
        return std::move(octets_);
    }

  private:
    void put(size_t count) {
        for (size_t i = 0; i < count; ++i)
            octets_.data()[size_++] = static_cast<uint8_t>(group_ >> (16 - 8 * i));
        group_ = 0;
    }

    SecretBytes octets_;
    size_t size_ = 0;
    size_t digits_ = 0;
    size_t padding_ = 0;
    uint32_t group_ = 0;
};

// The headers before the digits (RFC 1421 §4.4), which end with an empty line. `line` is the first
// of them, and afterwards the first line of digits.
void skip_headers(Lines& lines, std::optional<std::string_view>& line, PemBlock& block) {
    while (line && !line->empty() && !line->starts_with(kDashes)) {
        if (line->starts_with("Proc-Type:") && line->find("ENCRYPTED") != std::string_view::npos)
            block.is_encrypted = true;
        line = lines.next();
    }
}

// What follows a BEGIN line. Gives the label where the block was cut off by another BEGIN.
std::optional<std::string_view> read_block(Lines& lines, PemBlock& block) {
    Decoder decoder(lines.left());
    auto line = lines.next();
    if (line && line->find(':') != std::string_view::npos) skip_headers(lines, line, block);
    for (; line; line = lines.next()) {
        if (auto label = label_of(*line, kEnd)) {
            if (*label != block.label && block.problem.empty())
                block.problem = fmt::format("begins in line {} as {} and ends in line {} as {}",
                                            block.line, block.label, lines.number(), *label);
            auto der = decoder.finish();
            if (!der && block.problem.empty())
                block.problem =
                    fmt::format("is damaged: base64 of line {} to line {} is not complete",
                                block.line, lines.number());
            if (der) block.der = std::move(*der);
            if (block.problem.empty() && block.der.size() == 0) block.problem = "is empty";
            return std::nullopt;
        }
        if (auto label = label_of(*line, kBegin)) {
            block.problem = fmt::format(
                "ends in the middle, in line {}: its END line is missing; copy it as a whole",
                lines.number() - 1);
            return label;
        }
        if (!decoder.add(*line) && block.problem.empty())
            block.problem = fmt::format("is damaged: line {} is not base64", lines.number());
    }
    if (block.problem.empty())
        block.problem = fmt::format(
            "ends in the middle, in line {}: its END line is missing; copy the file as a whole",
            lines.number());
    return std::nullopt;
}

}  // namespace

Result<std::vector<PemBlock>> read_pem(std::string_view text) {
    if (text.size() > kPemSizeMax)
        return fail(ErrorCode::invalid,
                    "{} octets are too many for certificates and keys in PEM, at most {}",
                    text.size(), kPemSizeMax);
    Lines lines(text);
    std::vector<PemBlock> blocks;
    while (const auto line = lines.next()) {
        auto label = label_of(*line, kBegin);
        while (label) {
            if (blocks.size() == kPemBlocksMax)
                return fail(ErrorCode::invalid, "more than {} PEM blocks: not a certificate's file",
                            kPemBlocksMax);
            PemBlock& block = blocks.emplace_back();
            block.label = *label;
            block.line = lines.number();
            label = read_block(lines, block);
        }
    }
    return blocks;
}

std::string write_pem(std::string_view label, Bytes der) {
    std::string out = fmt::format("-----BEGIN {}-----\n", label);
    // No growth on the way: what is written may be a key.
    out.reserve(out.size() + der.size() * 3 / 2 + 2 * label.size() + 64);
    size_t column = 0;
    const auto put = [&](char c) {
        out += c;
        if (++column % kLineDigits == 0) out += '\n';
    };
    for (size_t at = 0; at < der.size(); at += 3) {
        const size_t count = std::min<size_t>(3, der.size() - at);
        uint32_t group = 0;
        for (size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? der[at + i] : 0u);
        for (size_t i = 0; i < 4; ++i)
            put(i <= count ? kDigits[group >> (18 - 6 * i) & 0x3f] : '=');
    }
    if (column % kLineDigits != 0) out += '\n';
    out += fmt::format("-----END {}-----\n", label);
    return out;
}

}  // namespace gatepost::controlplane
