#include "storage/access/alarm_book.hpp"

#include <map>
#include <set>

namespace sluice::access {
namespace {

bool says_the_same(const Alarm& left, const Alarm& right) {
    return left.at == right.at && left.until == right.until && left.severity == right.severity &&
           left.is_after_hours == right.is_after_hours && left.cause == right.cause &&
           left.events == right.events;
}

}  // namespace

BookChanges
reconcile(const std::vector<KnownAlarm>& known, const std::vector<Alarm>& derived, const TimeRange& window) {
    std::map<Uuid, const KnownAlarm*> by_id;
    for (const KnownAlarm& one : known)
        by_id.emplace(one.alarm.id, &one);
    BookChanges changes;
    std::set<Uuid> is_derived;
    for (const Alarm& alarm : derived) {
        is_derived.insert(alarm.id);
        const auto found = by_id.find(alarm.id);
        if (found == by_id.end())
            changes.raised.push_back(alarm);
        else if (found->second->is_refuted)
            changes.restored.push_back(alarm);
        else if (!says_the_same(found->second->alarm, alarm))
            changes.changed.push_back(alarm);
    }
    for (const KnownAlarm& one : known)
        if (!one.is_refuted && window.contains(one.alarm.at) && !is_derived.contains(one.alarm.id))
            changes.refuted.push_back(one.alarm.id);
    return changes;
}

}  // namespace sluice::access
