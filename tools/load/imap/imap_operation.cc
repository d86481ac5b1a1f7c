#include "tools/load/imap/imap_operation.h"

#include <charconv>

namespace gatepost::tools {

namespace {

constexpr uint32_t kWeightMax = 1'000'000;  // of all, far below what a sum can hold
constexpr std::array<std::string_view, kImapOperations> kNames = {
    "login",      "noop",  "select",       "fetch_flags",    "fetch_envelope",
    "fetch_body", "store", "search_flags", "search_subject", "search_body",
    "append",     "idle",  "watch"};

bool mixable(ImapOperation operation) {
    return operation >= ImapOperation::noop && operation <= ImapOperation::append;
}

}  // namespace

std::string_view imap_operation_name(ImapOperation operation) {
    return kNames[static_cast<size_t>(operation)];
}

Result<ImapOperation> imap_operation_from_text(std::string_view text) {
    std::string all;
    for (size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == text) return static_cast<ImapOperation>(i);
        all += fmt::format("{}{}", i == 0 ? "" : ", ", kNames[i]);
    }
    return fail(ErrorCode::usage, "{} is no operation; these are: {}", text, all);
}

ImapMix ImapMix::only(ImapOperation operation) {
    ImapMix mix;
    mix.total_ = mix.weights_[static_cast<size_t>(operation)] = 1;
    return mix;
}

Result<ImapMix> ImapMix::from_text(std::string_view text) {
    ImapMix mix;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), part.size() + 1));
        const size_t equals = part.find('=');
        auto operation = imap_operation_from_text(part.substr(0, equals));
        if (!operation) return tl::unexpected(std::move(operation).error());
        if (!mixable(*operation))
            return fail(ErrorCode::usage, "{} cannot be one of several; give it by --op", part);
        uint32_t weight = 1;
        if (equals != std::string_view::npos) {
            const std::string_view digits = part.substr(equals + 1);
            auto [end, error] =
                std::from_chars(digits.data(), digits.data() + digits.size(), weight);
            if (error != std::errc() || end != digits.data() + digits.size() || weight > kWeightMax)
                return fail(ErrorCode::usage, "{}: a weight is from 0 to {}", part, kWeightMax);
        }
        mix.total_ += weight - mix.weights_[static_cast<size_t>(*operation)];
        mix.weights_[static_cast<size_t>(*operation)] = weight;
    }
    if (mix.total_ == 0) return fail(ErrorCode::usage, "no operation has a weight above 0");
    return mix;
}

ImapOperation ImapMix::draw(std::mt19937_64& random) const {
    auto left = static_cast<uint32_t>(random() % total_);
    size_t i = 0;
    while (left >= weights_[i]) left -= weights_[i++];
    return static_cast<ImapOperation>(i);
}

std::string ImapMix::text() const {
    std::string text;
    for (size_t i = 0; i < weights_.size(); ++i) {
        if (weights_[i] == 0) continue;
        text += fmt::format("{}{}", text.empty() ? "" : ",", kNames[i]);
        if (weights_[i] != total_) text += fmt::format("={}", weights_[i]);
    }
    return text;
}

}  // namespace gatepost::tools
