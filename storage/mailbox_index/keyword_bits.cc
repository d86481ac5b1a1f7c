#include "storage/mailbox_index/keyword_bits.h"

#include <algorithm>

namespace gatepost::storage {

KeywordBits::KeywordBits(const uint8_t* base, const MailboxRecord* record) {
    if (record == nullptr || record->keywords == 0) return;
    const auto* keywords = at_ref<KeywordsRecord>(base, record->keywords);
    known_ = keywords->count;
    names_.reserve(known_);
    for (size_t bit = 0; bit < known_; ++bit) names_.push_back(keywords->name(bit));
}

uint64_t KeywordBits::bits_of(const std::vector<std::string_view>& names) {
    uint64_t bits = 0;
    for (const std::string_view name : names) {
        if (name.empty()) continue;
        const auto found = std::find_if(names_.begin(), names_.end(), [&](std::string_view known) {
            return equals_in_any_case(known, name);
        });
        if (found == names_.end() && names_.size() == kKeywordsMax) {
            ++left_out_;
            continue;
        }
        bits |= uint64_t{1} << (found - names_.begin());
        if (found == names_.end()) names_.push_back(name);
    }
    return bits;
}

void KeywordBits::keep_names() {
    for (size_t bit = known_ + kept_.size(); bit < names_.size(); ++bit)
        names_[bit] = kept_.emplace_back(names_[bit]);
}

bool KeywordBits::write(uint8_t* base, BlockStep& step, MailboxRecord& record) const {
    if (names_.size() == known_) return true;
    size_t size = sizeof(KeywordsRecord) + names_.size() * sizeof(uint32_t);
    for (const std::string_view name : names_) size += name.size();
    const Ref block = step.take(size);
    if (block == 0) return false;
    auto* keywords = at_ref<KeywordsRecord>(base, block);
    keywords->count = static_cast<uint32_t>(names_.size());
    auto* at = reinterpret_cast<char*>(keywords->ends() + names_.size());
    uint32_t end = 0;
    for (size_t bit = 0; bit < names_.size(); ++bit) {
        at = std::copy(names_[bit].begin(), names_[bit].end(), at);
        end += static_cast<uint32_t>(names_[bit].size());
        keywords->ends()[bit] = end;
    }
    step.drop(record.keywords, record.keywords_bytes);
    record.keywords = block;
    record.keywords_bytes = static_cast<uint32_t>(size);
    return true;
}

}  // namespace gatepost::storage
