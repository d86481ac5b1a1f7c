#include "storage/zone/rdata_field.h"

namespace gatepost::storage {

namespace {
constexpr size_t kQuotedLengthMax = 60;  // of a culprit in a message: enough to recognise it
}

const Token* TokenReader::take() {
    if (!at_end()) return &tokens_[next_++];
    error_ = {tokens_.size(), fmt::format("{} is missing", field_)};
    ended_early_ = true;
    return nullptr;
}

const Token* TokenReader::take_unquoted() {
    const Token* token = take();
    if (token == nullptr || !token->quoted) return token;
    refuse("must not be quoted");
    return nullptr;
}

bool TokenReader::refuse(std::string_view why) {
    std::string_view text = tokens_[next_ - 1].text;
    const char* dots = text.size() > kQuotedLengthMax ? "…" : "";
    return refuse_field(fmt::format("'{}{}' {}", text.substr(0, kQuotedLengthMax), dots, why));
}

bool TokenReader::refuse_field(std::string_view reason) {
    error_ = {next_ > 0 ? next_ - 1 : 0, fmt::format("{} {}", field_, reason)};
    return false;
}

}  // namespace gatepost::storage
