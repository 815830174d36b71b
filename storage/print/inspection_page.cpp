#include "storage/print/inspection_page.hpp"

#include "storage/calendar/date.hpp"
#include "storage/print/detail/parts.hpp"

namespace sluice::print {
namespace {

using detail::content;
using detail::label;

constexpr std::size_t kRows = 31;

void add_line(Row& row, const InspectionLine& line) {
    const duty::Marks access = duty::marks_of(line.access);
    const duty::Marks cctv = duty::marks_of(line.cctv);
    row.push_back(content(line.remark));
    for (const std::string_view mark : {access.works, access.problem, cctv.works, cctv.problem})
        row.push_back(content(std::string{mark}));
    row.push_back(content(line.person));
}

Row day_row(std::size_t number, const InspectionMonth& month) {
    Row row{content(std::to_string(number))};
    const bool is_day = number <= month.days.size();
    const InspectionDay* day = is_day ? &month.days[number - 1] : nullptr;
    if (day != nullptr && day->line) {
        add_line(row, *day->line);
        return row;
    }
    row.push_back(content(day != nullptr && day->is_day_off ? "假日" : ""));
    for (int column = 0; column < 5; ++column)
        row.push_back(content(is_day ? "" : "—"));
    return row;
}

}  // namespace

Document inspection_page(const InspectionMonth& month) {
    const std::chrono::year_month_day date{month.month};
    const std::string name = std::to_string(calendar::year_of(month.month) - 1911) + "年" +
                             std::to_string(static_cast<unsigned>(date.month())) + "月";
    Document document{
        .title = "門禁系統及監視系統每日巡檢表",
        .reference = name,
        .is_dense = true,  // 31 rows and some long remarks are one page
        .made = month.made,
        .blocks = {}
    };
    // One row of labels, so that it stands again on a second page, should remarks be long.
    Table table{.widths = {2, 9, 4, 4, 4, 4, 4}, .rows = {}, .has_head = true};
    table.rows.push_back(
        {label("日期"),
         label("備註說明"),
         label("門禁系統\n當天是否正常運作"),
         label("門禁系統\n當天是否有問題"),
         label("監視系統\n當天是否正常運作"),
         label("監視系統\n當天是否有問題"),
         label("備註人")}
    );
    for (std::size_t number = 1; number <= kRows; ++number)
        table.rows.push_back(day_row(number, month));
    document.blocks.emplace_back(Paragraph{.text = name + "　√：合格　×：不合格"});
    document.blocks.emplace_back(std::move(table));
    const std::string head =
        month.closed ? month.closer + "　" + calendar::to_roc_minute(*month.closed) : std::string{};
    document.blocks.emplace_back(Table{.widths = {1, 4}, .rows = {{label("單位主管"), content(head)}}});
    return document;
}

}  // namespace sluice::print
