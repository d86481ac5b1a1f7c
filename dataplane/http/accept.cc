#include "dataplane/http/accept.h"

#include <algorithm>

namespace gatepost::dataplane {

namespace {

// RFC 9110 §12.4.2: "0.5", "1", "0.123". What is none is 1, as if it were not there.
int quality_value(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return 1000;
    int value = (text[0] - '0') * 1000;
    if (text.size() == 1) return value;
    if (text[1] != '.' || text.size() > 5) return 1000;
    int unit = 100;
    for (char c : text.substr(2)) {
        if (c < '0' || c > '9') return 1000;
        value += (c - '0') * unit;
        unit /= 10;
    }
    return value > 1000 ? 1000 : value;
}

// 3: the type itself, 2: all of its kind, 1: all, 0: not this one.
int specificity(std::string_view range, std::string_view type) {
    if (range == "*/*") return 1;
    if (equals_ignoring_case(range, type)) return 3;
    size_t slash = type.find('/');
    bool all_of_kind = range.ends_with("/*") && range.size() == slash + 2 &&
                       equals_ignoring_case(range.substr(0, slash), type.substr(0, slash));
    return all_of_kind ? 2 : 0;
}

int quality_of(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view parameter = next_element(parameters, ';');
        if (parameter.starts_with("q=") || parameter.starts_with("Q="))
            return quality_value(parameter.substr(2));
    }
    return 1000;
}

}  // namespace

int accepted_quality(const HttpRequest& request, std::string_view type) {
    bool present = false;
    int best = 0;
    int quality = 0;
    for (const HttpField& field : request.headers) {
        if (field.name != HeaderName::accept) continue;
        std::string_view list = field.value;
        while (!list.empty()) {
            std::string_view element = next_element(list);
            if (element.empty()) continue;
            present = true;
            std::string_view range = next_element(element, ';');
            int found = specificity(range, type);
            if (found == 0 || found < best) continue;
            // Of ranges that differ in their parameters, the one that the client likes best.
            int wanted = quality_of(element);
            quality = found > best ? wanted : std::max(quality, wanted);
            best = found;
        }
    }
    return present ? quality : 1000;
}

std::string_view media_type(std::string_view content_type) {
    return next_element(content_type, ';');
}

}  // namespace gatepost::dataplane
