// Package calendar knows the Korean calendar: lunar dates of the years 1900 to
// 2049 and public holidays with their substitutes. It knows dates and nothing
// of time zones or of who asks.
//
// The lunar table has what the Korea Astronomy and Space Science Institute
// publishes; testdata was made with the Python packages korean_lunar_calendar and
// holidays (tools/ref/calendar.py).
package calendar
