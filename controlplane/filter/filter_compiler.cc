#include "controlplane/filter/filter_compiler.h"

#include <fmt/format.h>
#include <hs/hs.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "controlplane/filter/filter_expression.h"
#include "storage/base/check.h"
#include "storage/filter/filter_image.h"

namespace gatepost::controlplane {

namespace {

using storage::FilterField;

struct FreeDatabase {
    void operator()(hs_database_t* database) const { ::hs_free_database(database); }
};
using Database = std::unique_ptr<hs_database_t, FreeDatabase>;

enum class Target : uint8_t { values, bodies, raws };

Target target_of(FilterField field) {
    if (field == FilterField::body) return Target::bodies;
    return field == FilterField::raw ? Target::raws : Target::values;
}

// Patterns that are the same are compiled and looked for once, whoever has them.
class PatternSet {
  public:
    uint32_t add(FilterExpression expression) {
        const auto [place, is_new] =
            numbers_.try_emplace(std::move(expression), static_cast<uint32_t>(order_.size()));
        if (is_new) {
            order_.push_back(&place->first);
            faults_.emplace_back();
        }
        return place->second;
    }
    size_t size() const { return order_.size(); }
    const FilterExpression& at(uint32_t number) const { return *order_[number]; }
    // Why a pattern cannot be compiled; "": it can.
    const std::string& fault(uint32_t number) const { return faults_[number]; }

    // The database of the patterns for that target, serialized; empty: there are none.
    Result<std::vector<uint8_t>> compile(Target target);

  private:
    Result<Database> compile_sound(Target target);

    std::map<FilterExpression, uint32_t> numbers_;
    std::vector<const FilterExpression*> order_;
    std::vector<std::string> faults_;
};

// Leaves out one pattern after the other that Hyperscan does not take.
Result<Database> PatternSet::compile_sound(Target target) {
    while (true) {
        std::vector<const char*> texts;
        std::vector<unsigned> flags;
        std::vector<unsigned> numbers;
        for (uint32_t number = 0; number < size(); ++number) {
            if (target_of(at(number).field) != target || !faults_[number].empty()) continue;
            texts.push_back(at(number).text.c_str());
            flags.push_back(at(number).flags);
            numbers.push_back(number);
        }
        if (texts.empty()) return Database();
        const unsigned mode = target == Target::values ? HS_MODE_BLOCK : HS_MODE_STREAM;
        hs_database_t* database = nullptr;
        hs_compile_error_t* error = nullptr;
        const hs_error_t code = ::hs_compile_multi(texts.data(), flags.data(), numbers.data(),
                                                   static_cast<unsigned>(texts.size()), mode,
                                                   nullptr, &database, &error);
        if (code == HS_SUCCESS) return Database(database);
        const std::string reason = error != nullptr ? error->message : "no reason was given";
        const int culprit = error != nullptr ? error->expression : -1;
        ::hs_free_compile_error(error);
        if (culprit < 0 || static_cast<size_t>(culprit) >= numbers.size())
            return fail(ErrorCode::invalid, "the filter rules cannot be compiled: {}", reason);
        faults_[numbers[static_cast<size_t>(culprit)]] = reason;
    }
}

Result<std::vector<uint8_t>> PatternSet::compile(Target target) {
    auto database = compile_sound(target);
    if (!database) return tl::unexpected(std::move(database).error());
    if (*database == nullptr) return std::vector<uint8_t>();
    if (target != Target::values) {
        size_t octets = 0;
        GATEPOST_CHECK(::hs_stream_size(database->get(), &octets) == HS_SUCCESS);
        if (octets > kFilterStreamMax)
            return fail(ErrorCode::invalid,
                        "the filter rules for {} need {} octets for each message, more than {}: "
                        "shorten repetitions such as \"{{1000,}}\" in regular expressions",
                        target == Target::bodies ? "bodies" : "raw messages", octets,
                        kFilterStreamMax);
    }
    char* octets = nullptr;
    size_t size = 0;
    if (::hs_serialize_database(database->get(), &octets, &size) != HS_SUCCESS)
        return fail(ErrorCode::invalid, "the compiled filter rules cannot be written: no memory");
    const auto* begin = reinterpret_cast<const uint8_t*>(octets);
    std::vector<uint8_t> serialized(begin, begin + size);
    std::free(octets);
    return serialized;
}

// Rules with the numbers of their patterns, in the order that counts.
struct Numbered {
    std::vector<std::pair<const FilterRuleRow*, uint32_t>> rules;
    std::vector<std::pair<const FilingRuleRow*, uint32_t>> filing_rules;
};

Numbered number_rules(const FilterSource& source, PatternSet& patterns,
                      std::vector<HeldFilterRule>& held) {
    Numbered numbered;
    for (const FilterRuleRow& rule : source.rules) {
        if (!rule.active) continue;
        auto expression = filter_expression(rule);
        const auto action = filter_action(rule.action);
        if (!expression || !action)
            held.push_back({"filter rule " + rule.name,
                            !expression ? expression.error().message : action.error().message});
        else
            numbered.rules.emplace_back(&rule, patterns.add(std::move(*expression)));
    }
    for (const FilingRuleRow& rule : source.filing_rules)
        if (rule.active)
            numbered.filing_rules.emplace_back(&rule, patterns.add(filing_expression(rule)));
    std::ranges::stable_sort(numbered.rules, {}, [](const auto& rule) {
        return std::tuple(rule.first->position, rule.first->id);
    });
    std::ranges::stable_sort(numbered.filing_rules, {}, [](const auto& rule) {
        return std::tuple(rule.first->account_id, rule.first->position, rule.first->id);
    });
    return numbered;
}

// Without the rules whose patterns turned out to be bad.
void take_rules(const Numbered& numbered, const PatternSet& patterns, storage::FilterImage& image,
                std::vector<HeldFilterRule>& held) {
    for (const auto& [rule, pattern] : numbered.rules) {
        if (!patterns.fault(pattern).empty()) {
            held.push_back({"filter rule " + rule->name, patterns.fault(pattern)});
            continue;
        }
        image.rules.push_back({.name = rule->name,
                               .pattern = pattern,
                               .action = *filter_action(rule->action),
                               .monitor = rule->mode != "enforce",
                               .score = rule->score,
                               .folder = rule->folder});
    }
    for (const auto& [rule, pattern] : numbered.filing_rules) {
        if (patterns.fault(pattern).empty())
            image.filing_rules.push_back(
                {static_cast<uint64_t>(rule->account_id), pattern, rule->folder});
        else
            held.push_back({fmt::format("filing rule {}", rule->id), patterns.fault(pattern)});
    }
}

}  // namespace

Result<FilterCompilation> compile_filter(const FilterSource& source) {
    FilterCompilation result;
    PatternSet patterns;
    const Numbered numbered = number_rules(source, patterns, result.held);
    auto values = patterns.compile(Target::values);
    if (!values) return tl::unexpected(std::move(values).error());
    auto bodies = patterns.compile(Target::bodies);
    if (!bodies) return tl::unexpected(std::move(bodies).error());
    auto raws = patterns.compile(Target::raws);
    if (!raws) return tl::unexpected(std::move(raws).error());

    storage::FilterImage image{.junk_score = source.settings.junk_score,
                               .reject_score = source.settings.reject_score};
    for (uint32_t number = 0; number < patterns.size(); ++number)
        image.patterns.push_back({patterns.at(number).field, patterns.at(number).header_name});
    take_rules(numbered, patterns, image, result.held);
    image.values = *values;
    image.bodies = *bodies;
    image.raws = *raws;
    result.image = encode_filter_image(image);
    result.rules = image.rules.size() + image.filing_rules.size();
    result.patterns = image.patterns.size();
    if (result.image.size() > storage::kFilterImageMax)
        return fail(ErrorCode::invalid,
                    "the compiled filter rules have {} octets, more than {}: there are too many",
                    result.image.size(), storage::kFilterImageMax);
    return result;
}

}  // namespace gatepost::controlplane
